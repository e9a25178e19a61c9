import { describe, expect, it } from "vitest";
import { ISTIO_VERSIONS, istioRelease } from "@istio-on-pulumi/kube";
import { plannedObjects } from "../../../stack/planned";
import { gatewayApiCrdNames } from "../../../upstream";
import { committedLock } from "../../../upstream/committed-lock";
import { chartFiles } from "../../../upstream/lock-format";

/** The objects of the control plane and of Gateway API, as `<kind> <name>`. */
function planned(istioVersion: string, istiodValues = {}): string[] {
    const objects = plannedObjects({
        strictMtls: false,
        controlPlanes: { default: istioVersion },
        istiodValues,
        istioCrds: [],
        gatewayApiCrds: gatewayApiCrdNames(istioRelease(istioVersion).gatewayApi),
        addons: {},
        manifests: {},
    });
    return objects.map(({ kind, name }) => `${kind} ${name}`);
}

/** The templates of chart istiod that make objects, by those that the plan has for each; without objects nothing. */
const TEMPLATES: Readonly<Record<string, string>> = {
    "autoscale.yaml": "HorizontalPodAutoscaler istiod",
    "clusterrole.yaml": "ClusterRole istiod-clusterrole-istio-system",
    "clusterrolebinding.yaml": "ClusterRoleBinding istiod-clusterrole-istio-system",
    "configmap-jwks.yaml": "ConfigMap pilot-jwks-extra-cacerts",
    "configmap-values.yaml": "ConfigMap values",
    "configmap.yaml": "ConfigMap istio",
    "deployment.yaml": "Deployment istiod",
    "gateway-class-configmap.yaml": "ConfigMap istio-default-gatewayclass-istio",
    "istiod-injector-configmap.yaml": "ConfigMap istio-sidecar-injector",
    "mutatingwebhook.yaml": "MutatingWebhookConfiguration istio-sidecar-injector",
    "poddisruptionbudget.yaml": "PodDisruptionBudget istiod",
    "reader-clusterrole.yaml": "ClusterRole istio-reader-clusterrole-istio-system",
    "reader-clusterrolebinding.yaml": "ClusterRoleBinding istio-reader-clusterrole-istio-system",
    "role.yaml": "Role istiod",
    "rolebinding.yaml": "RoleBinding istiod",
    "service.yaml": "Service istiod",
    "serviceaccount.yaml": "ServiceAccount istiod",
    "validatingwebhookconfiguration.yaml": "ValidatingWebhookConfiguration istio-validator-istio-system",
};
/** Templates that make no object by this program's values: of a remote istiod, of tags, of experiments. */
const IDLE = [
    "remote-istiod-endpoints.yaml",
    "remote-istiod-service.yaml",
    "revision-tags.yaml",
    "validatingadmissionpolicy.yaml",
    "zzy_descope_legacy.yaml",
    "zzz_profile.yaml",
];

describe.each(ISTIO_VERSIONS)("plannedObjects with Istio %s", (version) => {
    const templates = chartFiles(committedLock(), "istiod", version)
        .map(({ path }) => path)
        .filter((path) => /^templates\/.*\.yaml$/.test(path))
        .map((path) => path.replace("templates/", ""))
        .filter((name) => !IDLE.includes(name));

    it("hold what each template of chart istiod makes", () => {
        const found = planned(version, { gatewayClasses: { istio: {} } });
        // A template that this table does not have is of a release that plannedObjects does not know yet.
        expect(templates.filter((name) => !found.includes(TEMPLATES[name] ?? "unknown"))).toEqual([]);
    });

    it("hold no object of a template that another release has", () => {
        const others = Object.keys(TEMPLATES).filter((name) => !templates.includes(name));
        const found = planned(version, { gatewayClasses: { istio: {} } });
        expect(others.filter((name) => found.includes(TEMPLATES[name]!))).toEqual([]);
    });

    it("hold the CRDs of the Gateway API that goes with it", () => {
        expect(planned(version)).toEqual(
            expect.arrayContaining(
                ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"].map(
                    (plural) => `CustomResourceDefinition ${plural}.gateway.networking.k8s.io`,
                ),
            ),
        );
    });
});
