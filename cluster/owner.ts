import type { ObjectMetadata } from "@istio-on-pulumi/kube";
import { STACK_LABEL } from "./marks";

/** A Helm release by its name and namespace. */
export interface ReleaseName {
    readonly name: string;
    readonly namespace: string;
}

/** Who an object belongs to, by what the tools of the field write into it. */
export interface Owner {
    /** For a sentence, such as `Helm release "prometheus" of namespace "monitoring"`. */
    readonly name: string;
    /** How the object goes, where its owner has a command for that. */
    readonly removal?: string;
    /** Whether the owner will put the object back when it is changed: a tool that manages it, not a hand. */
    readonly manages: boolean;
    /** The other stack's identity, where it is one of this program's. */
    readonly stack?: string;
    /** The Helm release, where it is one. */
    readonly release?: ReleaseName;
}

const CONTROLLERS = /^(kube-apiserver|kube-controller-manager|kube-scheduler|pilot-discovery|kubelet|cert-manager-.*)$/;

/** Whether a manager of fields is one that changes objects which it has not made. */
export const isController = (manager = ""): boolean => CONTROLLERS.test(manager);

/** The owner of an object; a tool that leaves its name in labels or annotations counts before the one that wrote. */
export function ownerOf({ labels = {}, annotations = {}, managedFields = [] }: ObjectMetadata): Owner {
    const stack = labels[STACK_LABEL];
    if (stack !== undefined) {
        const name = `another stack of this program (${stack})`;
        return { name, removal: "pulumi destroy, there", manages: true, stack };
    }
    const release = annotations["meta.helm.sh/release-name"];
    if (release !== undefined) {
        const namespace = annotations["meta.helm.sh/release-namespace"] ?? "default";
        return {
            name: `Helm release ${JSON.stringify(release)} of namespace ${JSON.stringify(namespace)}`,
            removal: `helm uninstall ${release} -n ${namespace}`,
            manages: true,
            release: { name: release, namespace },
        };
    }
    const argo = annotations["argocd.argoproj.io/tracking-id"]?.split(":")[0] ?? labels["argocd.argoproj.io/instance"];
    if (argo !== undefined) {
        return { name: `Argo CD application ${JSON.stringify(argo)}`, manages: true };
    }
    const flux = labels["kustomize.toolkit.fluxcd.io/name"] ?? labels["helm.toolkit.fluxcd.io/name"];
    if (flux !== undefined) {
        return { name: `Flux resource ${JSON.stringify(flux)}`, manages: true };
    }
    const operator = labels["olm.owner"] ?? labels["sailoperator.io/owner-name"];
    if (operator !== undefined || "olm.managed" in labels) {
        return { name: `the operator ${JSON.stringify(operator ?? "of OLM")}`, manages: true };
    }
    const owning = labels["install.operator.istio.io/owning-resource"];
    if (labels["operator.istio.io/managed"] !== undefined || (owning !== undefined && owning !== "unknown")) {
        return { name: "istioctl", removal: "istioctl uninstall --purge", manages: false };
    }
    const managers = managedFields.map(({ manager }) => manager ?? "").filter((m) => m !== "" && !isController(m));
    const manager = managers[0];
    if (manager?.startsWith("pulumi")) {
        return { name: "another Pulumi program", removal: "pulumi destroy, there", manages: true };
    }
    if (manager?.startsWith("kubectl") || "kubectl.kubernetes.io/last-applied-configuration" in annotations) {
        return { name: "kubectl", manages: false };
    }
    return { name: manager === undefined ? "nobody who left a name" : JSON.stringify(manager), manages: false };
}
