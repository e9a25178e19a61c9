import { describe, expect, it } from "vitest";
import { ownerOf } from "../../../cluster/owner";

const by = (manager: string) => ({ managedFields: [{ manager, operation: "Apply" }] });

describe("ownerOf", () => {
    it.each([
        [
            "a stack of this program",
            { labels: { "istio-on-pulumi/stack": "stack0a1b2c3d" }, ...by("istio-on-pulumi") },
            "another stack of this program (stack0a1b2c3d)",
            "pulumi destroy, there",
        ],
        [
            "helm",
            {
                annotations: { "meta.helm.sh/release-name": "mon", "meta.helm.sh/release-namespace": "monitoring" },
                ...by("helm"),
            },
            'Helm release "mon" of namespace "monitoring"',
            "helm uninstall mon -n monitoring",
        ],
        [
            "Argo CD, which installs charts without Helm",
            { annotations: { "argocd.argoproj.io/tracking-id": "mesh:apps/Deployment:istio-system/istiod" } },
            'Argo CD application "mesh"',
            undefined,
        ],
        [
            "Argo CD by its label",
            { labels: { "argocd.argoproj.io/instance": "mesh" } },
            'Argo CD application "mesh"',
            undefined,
        ],
        ["Flux", { labels: { "kustomize.toolkit.fluxcd.io/name": "infra" } }, 'Flux resource "infra"', undefined],
        [
            "the Sail operator",
            { labels: { "sailoperator.io/owner-name": "default" } },
            'the operator "default"',
            undefined,
        ],
        ["an operator of OLM", { labels: { "olm.managed": "true" } }, 'the operator "of OLM"', undefined],
        [
            "istioctl",
            { labels: { "operator.istio.io/managed": "Reconcile" }, ...by("istio-operator") },
            "istioctl",
            "istioctl uninstall --purge",
        ],
        [
            "a chart of Istio's applied by hand, whose labels istioctl has too",
            { labels: { "install.operator.istio.io/owning-resource": "unknown" }, ...by("kubectl") },
            "kubectl",
            undefined,
        ],
        ["another Pulumi program", by("pulumi-kubernetes-1a2b3c4d"), "another Pulumi program", "pulumi destroy, there"],
        ["kubectl", by("kubectl-client-side-apply"), "kubectl", undefined],
        [
            "kubectl, of an object whose fields nobody recorded",
            { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" } },
            "kubectl",
            undefined,
        ],
        ["any other program by its name", by("terraform"), '"terraform"', undefined],
        [
            "who made it, not who filled something in",
            { managedFields: [{ manager: "pilot-discovery" }, { manager: "ansible" }] },
            '"ansible"',
            undefined,
        ],
        ["nobody", {}, "nobody who left a name", undefined],
    ])("tells %s", (_, metadata, name, removal) => {
        expect(ownerOf({ name: "x", uid: "1", ...metadata })).toMatchObject({ name, ...(removal && { removal }) });
        expect(ownerOf({ name: "x", uid: "1", ...metadata }).removal).toBe(removal);
    });
});
