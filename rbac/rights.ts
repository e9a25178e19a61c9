import { pluralOf } from "../cluster";
import { generatedServiceOf } from "../components/internal";
import { chartObjects } from "../stack/planned";
import type { Grant } from "./grants";
import type { RegisteredStack, StackObject } from "./stack";

/** Who is to have rights: whoever brings the stack up, or whoever looks at what that would do. */
export type Identity = "up" | "preview";

/** A CRD of chart `base`. */
export interface IstioCrd {
    readonly name: string;
    /** Whether it stays where the release goes. */
    readonly isKept: boolean;
}

const RBAC = "rbac.authorization.k8s.io";
const CRD_KIND = "CustomResourceDefinition";
const CRD = { group: "apiextensions.k8s.io", resource: pluralOf(CRD_KIND) };
/** What the program asks for ConfigMaps of `kube-system`: the cluster's domain, and what an inspection wants. */
const DNS_CONFIGS = ["coredns", "rke2-coredns-rke2-coredns"];
const CILIUM_CONFIG = "cilium-config";
const WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet"];

/**
 * The rights that an identity needs on a stack: on what the stack registers, on what the charts may bring beside, and
 * on what the provider, Helm, the survey and the inspection read.
 *
 * Where a kind may be listed all of it is known, so that `get` is on all of it, too. What is written is by name: by
 * server-side apply even `create` has one.
 */
export function grantsOf(identity: Identity, stack: RegisteredStack, crds: readonly IstioCrd[]): Grant[] {
    const objects: StackObject[] = [
        ...stack.objects,
        ...(stack.releases.length > 0 ? chartObjects(stack.controlPlanes, {}) : []).map((object) => ({
            ...object,
            isPatched: false,
            fixesPorts: false,
        })),
    ];
    const owned = objects.filter(({ isPatched }) => !isPatched);
    const brought = stack.releases.flatMap(({ excludedCrds }) =>
        crds.filter(({ name }) => !excludedCrds.includes(name)),
    );
    return [
        ...objects.flatMap((object) => [...looksAt(identity, object), ...writes(identity, object)]),
        ...owned.filter(({ kind }) => /Role(Binding)?$/.test(kind)).flatMap(handsOn),
        ...crdGrants(identity, brought),
        ...surveyGrants(objects),
        ...namespacesOf(owned, WORKLOADS).flatMap((namespace) => workloadGrants(identity, namespace)),
        ...gatewayGrants(identity, owned),
        ...(identity === "up"
            ? [...stack.releases.flatMap(({ namespace }) => helmGrants(namespace)), AUTOSCALERS]
            : []),
        ...(identity === "up" && stack.inspects ? inspectionGrants(namespacesOf(owned, WORKLOADS)) : []),
    ];
}

/** Whose the number of a workload's pods is, for a drift. */
const AUTOSCALERS: Grant = { group: "autoscaling", resource: "horizontalpodautoscalers", verbs: ["list"] };

function placeOf({ apiVersion, kind, namespace }: StackObject) {
    const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
    return { ...(namespace !== undefined && { namespace }), group, resource: pluralOf(kind) };
}

function namespacesOf(objects: readonly StackObject[], kinds: readonly string[]): string[] {
    return [
        ...new Set(objects.flatMap(({ kind, namespace }) => (kinds.includes(kind) && namespace ? [namespace] : []))),
    ];
}

/** The survey lists, the provider reads again, and waits for the end of what it deletes with a watch. */
function looksAt(identity: Identity, object: StackObject): Grant[] {
    const place = placeOf(object);
    // Other namespaces, and other objects of a kind of which the stack has but a part, are nobody's business here.
    if (object.isPatched || object.kind === "Namespace") {
        const waits = identity === "up" && !object.isPatched ? [{ ...place, verbs: ["list", "watch"] }] : [];
        return [{ ...place, verbs: ["get"], names: [object.name] }, ...waits];
    }
    // Only the end of what is deleted is watched, and CRDs stay.
    const isWatched = identity === "up" && object.kind !== CRD_KIND;
    return [{ ...place, verbs: ["get", "list", ...(isWatched ? ["watch"] : [])] }];
}

function writes(identity: Identity, object: StackObject): Grant[] {
    // CRDs stay in the cluster when the stack lets go of them.
    const isDeleted = identity === "up" && object.kind !== CRD_KIND;
    const verbs = object.isPatched ? ["patch"] : ["create", "patch", ...(isDeleted ? ["delete"] : [])];
    // By a dry run of a Service without a name the survey asks whether the port is free.
    const triesPorts = object.fixesPorts ? [{ ...placeOf(object), verbs: ["create"] }] : [];
    return [{ ...placeOf(object), verbs, names: [object.name] }, ...triesPorts];
}

/** Whoever makes a role or a binding has its rights, or may escalate and bind: these roles alone, by their names. */
function handsOn(object: StackObject): Grant[] {
    if (object.role === undefined) {
        return object.kind.endsWith("Binding")
            ? []
            : [{ ...placeOf(object), verbs: ["escalate"], names: [object.name] }];
    }
    const { kind, name } = object.role;
    return [{ ...placeOf(object), group: RBAC, resource: pluralOf(kind), verbs: ["bind"], names: [name] }];
}

/** Helm posts what it creates, and a right to post has no name. */
function crdGrants(identity: Identity, crds: readonly IstioCrd[]): Grant[] {
    if (crds.length === 0) return [];
    const names = crds.map(({ name }) => name);
    const going = crds.filter(({ isKept }) => !isKept).map(({ name }) => name);
    const writing =
        identity === "up"
            ? [
                  { ...CRD, verbs: ["create"] },
                  ...(going.length > 0 ? [{ ...CRD, verbs: ["delete"], names: going }] : []),
              ]
            : [{ ...CRD, verbs: ["create"], names }];
    return [{ ...CRD, verbs: ["patch"], names }, ...writing];
}

function surveyGrants(objects: readonly StackObject[]): Grant[] {
    const hasVolumes = objects.some(({ kind }) => kind === "PersistentVolumeClaim");
    return [
        { group: "", resource: "namespaces", verbs: ["get"], names: ["kube-system"] },
        { group: "", resource: "nodes", verbs: ["list"] },
        ...(hasVolumes ? [{ group: "storage.k8s.io", resource: "storageclasses", verbs: ["list"] }] : []),
        { namespace: "kube-system", group: "", resource: "configmaps", verbs: ["get"], names: DNS_CONFIGS },
    ];
}

/** A pod is tried, as a workload makes them; and what tells whether the workload is ready, and why it is not. */
function workloadGrants(identity: Identity, namespace: string): Grant[] {
    const verbs = ["list", "watch"];
    return [
        { namespace, group: "", resource: "pods", verbs: ["create"] },
        ...(identity === "up"
            ? [
                  { namespace, group: "", resource: "pods", verbs },
                  { namespace, group: "", resource: "persistentvolumeclaims", verbs },
                  { namespace, group: "", resource: "events", verbs },
                  { namespace, group: "apps", resource: "replicasets", verbs },
              ]
            : []),
    ];
}

/** The Service that Istio generates for a Gateway is read, and by a refresh its endpoints. */
function gatewayGrants(identity: Identity, objects: readonly StackObject[]): Grant[] {
    return objects
        .filter(({ kind, namespace }) => kind === "Gateway" && namespace !== undefined)
        .flatMap(({ namespace, name }) => [
            { namespace, group: "", resource: "services", verbs: ["get"], names: [generatedServiceOf(name)] },
            ...(identity === "up"
                ? [
                      { namespace, group: "", resource: "endpoints", verbs: ["list"] },
                      { namespace, group: "discovery.k8s.io", resource: "endpointslices", verbs: ["list"] },
                  ]
                : []),
        ]);
}

/** Helm's records are Secrets whose names hold a number, and what the release makes beside CRDs is posted. */
function helmGrants(namespace: string): Grant[] {
    return [
        { namespace, group: "", resource: "secrets", verbs: ["get", "list", "create", "update", "delete"] },
        { namespace, group: "", resource: "serviceaccounts", verbs: ["create"] },
        { group: "admissionregistration.k8s.io", resource: "validatingwebhookconfigurations", verbs: ["create"] },
    ];
}

function inspectionGrants(namespaces: readonly string[]): Grant[] {
    const list = (group: string, ...resources: string[]) =>
        resources.map((resource) => ({ group, resource, verbs: ["list"] }));
    return [
        ...list("", "namespaces", "pods", "services", "nodes"),
        ...list("discovery.k8s.io", "endpointslices"),
        ...list("apps", "deployments"),
        ...list("gateway.networking.k8s.io", "gateways", "httproutes"),
        ...namespaces.flatMap((namespace) =>
            [
                ...list("apps", "replicasets", "statefulsets", "daemonsets"),
                ...list("batch", "jobs"),
                ...list("policy", "poddisruptionbudgets"),
            ].map((grant) => ({ ...grant, namespace })),
        ),
        { namespace: "kube-system", group: "", resource: "configmaps", verbs: ["get"], names: [CILIUM_CONFIG] },
    ];
}
