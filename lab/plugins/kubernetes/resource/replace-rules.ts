/** Which changes make a new object necessary, because the API server or a controller does not take them in place. */
import type { Gvk } from "../object/kinds";
import { gvkOf, isConfigMap, isSecret } from "../object/kinds";
import type { Tree } from "../object/tree";

const SELECTOR = [".spec.selector"];
const JOB = [".spec.completions", ".spec.parallelism", ".spec.selector", ".spec.template"];
const STATEFUL_SET = [
    ".spec.podManagementPolicy",
    ".spec.revisionHistoryLimit",
    ".spec.selector",
    ".spec.serviceName",
    ".spec.volumeClaimTemplates",
];
const POD_FIELDS = `affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC
    hostNetwork hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority
    priorityClassName readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount
    serviceAccountName shareProcessNamespace subdomain terminationGracePeriodSeconds volumes`;
const CONTAINER_FIELDS = `args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources
    securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts
    workingDir`;
const VOLUME_SOURCES = `awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker
    gcePersistentDisk glusterfs hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO
    storageos vsphereVolume`;

const POD = [
    ...prefixed(".spec.", POD_FIELDS),
    ...prefixed(".spec.containers[*].", CONTAINER_FIELDS),
    ...prefixed(".spec.initContainers[*].", CONTAINER_FIELDS),
];

/** By group, then by kind; where the versions differ, by version. */
const RULES: Record<string, Record<string, string[]>> = {
    "": {
        PersistentVolume: prefixed(".spec.", VOLUME_SOURCES),
        PersistentVolumeClaim: [".spec.accessModes", ".spec.selector", ".spec.storageClassName", ".spec.volumeName"],
        Pod: POD,
        ResourceQuota: [".spec.scopes"],
        Secret: [".type"],
        Service: [".spec.clusterIP"],
    },
    apps: { DaemonSet: SELECTOR, Deployment: SELECTOR, StatefulSet: STATEFUL_SET },
    batch: { Job: JOB },
    "rbac.authorization.k8s.io": { ClusterRoleBinding: [".roleRef"], RoleBinding: [".roleRef"] },
    "storage.k8s.io": { StorageClass: [".parameters", ".provisioner"] },
};

export interface Mutability {
    configMapMutable: boolean;
    secretMutable: boolean;
}

/** An object's name and namespace are its identity. */
export const IDENTITY = [".metadata.name", ".metadata.namespace"];

/** The paths whose change replaces the object, identity included. */
export function replacePaths(object: Tree, options: Mutability): string[] {
    const immutable = object["immutable"] === true;
    if (isSecret(object) && (!options.secretMutable || immutable)) {
        return [...IDENTITY, ".type", ".stringData", ".data"];
    }
    if (isConfigMap(object) && (!options.configMapMutable || immutable)) return [...IDENTITY, ".binaryData", ".data"];
    return [...IDENTITY, ...rulesFor(gvkOf(object))];
}

function rulesFor(gvk: Gvk): string[] {
    if (gvk.group === "policy" && gvk.version === "v1beta1" && gvk.kind === "PodDisruptionBudget") return [".spec"];
    return RULES[gvk.group]?.[gvk.kind] ?? [];
}

/** Whether a changed path lies in one of the replace paths, or holds one. `[*]` is any item. */
export function replaces(path: readonly (string | number)[], value: unknown, rules: readonly string[]): boolean {
    return rules.some((rule) => reaches(path, value, segments(rule)));
}

function segments(rule: string): string[] {
    return rule.replaceAll("[*]", ".*").split(".").filter(Boolean);
}

/** Follows the rule along the path, then on into the value that stands there. */
function reaches(path: readonly (string | number)[], value: unknown, rule: string[]): boolean {
    for (const [index, segment] of rule.entries()) {
        const step = path[index];
        if (step === undefined) return existsIn(value, rule.slice(index));
        if (segment === "*" ? typeof step !== "number" : step !== segment) return false;
    }
    return true;
}

function existsIn(value: unknown, rule: string[]): boolean {
    const [segment, ...rest] = rule;
    if (segment === undefined) return true;
    if (segment === "*") return Array.isArray(value) && value.some((item) => existsIn(item, rest));
    if (typeof value !== "object" || value === null || Array.isArray(value) || !(segment in value)) return false;
    return existsIn((value as Tree)[segment], rest);
}

function prefixed(prefix: string, names: string): string[] {
    return names.split(/\s+/).map((name) => prefix + name);
}
