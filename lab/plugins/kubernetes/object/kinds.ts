/** What kind an object is, and what is known of a kind without asking a cluster. */
import { parseUrn } from "../../rpc/urn";
import { text, type Tree } from "./tree";

/** group, version and kind; the group of the core API is the empty string */
export interface Gvk {
    group: string;
    version: string;
    kind: string;
}

/** `apps/v1`, or `v1` for the core API */
export function groupVersion(gvk: Gvk): string {
    return gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version;
}

/** The kind of an object by its apiVersion and kind; `core/v1` is `v1`. */
export function gvkOf(object: Tree): Gvk {
    const [first = "", second] = text(object, "apiVersion").split("/");
    const group = second === undefined ? "" : first;
    return { group: group === "core" ? "" : group, version: second ?? first, kind: text(object, "kind") };
}

/** The kind that a resource's type names; a Patch resource's kind ends in "Patch". */
export function gvkOfUrn(urn: string): Gvk {
    const { type } = parseUrn(urn);
    const [, module = "", kind = ""] = type.split(":");
    const [group, version] = module.split("/");
    if (version === undefined) throw new Error(`apiVersion does not have both a group and a version: "${module}"`);
    return { group: group === "core" ? "" : (group as string), version, kind };
}

/** The resource type that the SDK gives an object of this kind. */
export function typeToken(gvk: Gvk): string {
    return `kubernetes:${gvk.group || "core"}/${gvk.version}:${gvk.kind}`;
}

/** Whether a resource of this type manages some fields of an object that it does not own. */
export function isPatch(urn: string, kind: string): boolean {
    return parseUrn(urn).type.split(":").at(-1) === `${kind}Patch`;
}

const BUILTIN_GROUPS = new Set([
    "",
    "core",
    "meta",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "auditregistration.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "settings.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
]);

/** Whether the kind belongs to Kubernetes itself, so that its fields are known. */
export function isBuiltin(gvk: Gvk): boolean {
    return BUILTIN_GROUPS.has(gvk.group);
}

const NAMESPACED = words(`Binding ConfigMap ControllerRevision CronJob CSIStorageCapacity DaemonSet Deployment Endpoints
    EndpointSlice Event HorizontalPodAutoscaler Ingress Job Lease LimitRange NetworkPolicy PersistentVolumeClaim Pod
    PodDisruptionBudget PodTemplate ReplicaSet ReplicationController ResourceQuota Role RoleBinding Secret Service
    ServiceAccount StatefulSet`);
const CLUSTER_SCOPED = words(`APIService CertificateSigningRequest ClusterRole ClusterRoleBinding CSIDriver CSINode
    CustomResourceDefinition FlowSchema IngressClass MutatingWebhookConfiguration Namespace Node PersistentVolume
    PodSecurityPolicy PriorityClass PriorityLevelConfiguration RuntimeClass StorageClass
    ValidatingWebhookConfiguration VolumeAttachment`);

/** The scope of a built-in kind, undefined when the table does not know it. */
export function builtinScope(gvk: Gvk): "Namespaced" | "Cluster" | undefined {
    if (!isBuiltin(gvk)) return undefined;
    const kind = gvk.kind.replace(/Patch$/, "").replace(/List$/, "");
    return NAMESPACED.has(kind) ? "Namespaced" : CLUSTER_SCOPED.has(kind) ? "Cluster" : undefined;
}

/** Whether a resource type is a built-in list, which cannot be created as such. */
export function isBuiltinList(urn: string): boolean {
    const { type } = parseUrn(urn);
    if (!/^kubernetes:[^:]+\/v\d\w*:\w+List$/.test(type)) return false;
    return isBuiltin(gvkOfUrn(urn));
}

export function isCrd(object: Tree): boolean {
    return text(object, "kind") === "CustomResourceDefinition" && gvkOf(object).group === "apiextensions.k8s.io";
}

export function isSecret(object: Tree): boolean {
    return text(object, "kind") === "Secret" && gvkOf(object).group === "";
}

export function isConfigMap(object: Tree): boolean {
    return text(object, "kind") === "ConfigMap" && gvkOf(object).group === "";
}

function words(names: string): Set<string> {
    return new Set(names.split(/\s+/));
}
