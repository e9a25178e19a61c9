import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "@istio-on-pulumi/kube";
import { ANOTHER_RELEASE, yamlDocuments } from "../upstream/yaml";

/** A Kubernetes object as a manifest describes it. */
export interface Manifest {
    apiVersion: string;
    kind: string;
    metadata: {
        name: string;
        namespace?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
    };
    [field: string]: unknown;
}

/**
 * Reads the objects of a YAML text, in their order; documents that hold nothing are passed over.
 *
 * @throws UserError where a document is no Kubernetes object
 */
export function parseManifest(text: string): Manifest[] {
    return yamlDocuments(text).flatMap((document) => {
        const object = withoutNulls(document) as Manifest | null;
        if (object === null || object === undefined) {
            return [];
        }
        if (!object.apiVersion || !object.kind || !object.metadata?.name) {
            const shown = JSON.stringify(object).slice(0, 120);
            throw new UserError(
                `A document of the manifest has no apiVersion, kind or metadata.name: ${shown}; ${ANOTHER_RELEASE}`,
            );
        }
        return [object];
    });
}

/** `annotations:` with nothing behind it means no annotations; Kubernetes drops such a field, and so does this. */
function withoutNulls(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(withoutNulls);
    }
    if (value !== null && typeof value === "object") {
        return Object.fromEntries(
            Object.entries(value)
                .filter(([, v]) => v !== null)
                .map(([k, v]) => [k, withoutNulls(v)]),
        );
    }
    return value;
}

/**
 * A workload that does not say that it has one pod: one is the API's default, and after a `kubectl scale` a number here
 * would conflict with every update. Any other number is somebody's wish.
 */
export function withoutReplicas<T extends object>(workload: T): T {
    const { replicas, ...spec } = (workload as { spec?: Record<string, unknown> }).spec ?? {};
    return replicas === undefined || replicas === 1 ? { ...workload, spec } : workload;
}

/** The key of their configuration in the ConfigMaps of Kiali and Loki. */
export const CONFIG = "config.yaml";

/**
 * Objects of an addon with its configuration changed. It is read at the start of a pod only, so that another one is
 * started: the annotation is the one that the addons' charts have for this.
 */
export function changedConfig(
    objects: readonly Manifest[],
    configMap: string,
    change: (text: string) => string,
): readonly Manifest[] {
    const isIt = ({ kind, metadata }: Manifest) => kind === "ConfigMap" && metadata.name === configMap;
    const text = (objects.find(isIt)?.data as Record<string, string> | undefined)?.[CONFIG] ?? "";
    const changed = change(text);
    if (changed === text) return objects;
    return objects.map((object) => {
        if (isIt(object)) return { ...object, data: { ...(object.data as object), [CONFIG]: changed } };
        return object.kind === "Deployment" || object.kind === "StatefulSet" ? restartedFor(object, changed) : object;
    });
}

function restartedFor(workload: Manifest, config: string): Manifest {
    const spec = workload.spec as { template: { metadata?: { annotations?: Record<string, string> } } };
    const annotations = {
        ...spec.template.metadata?.annotations,
        "checksum/config": createHash("sha256").update(config).digest("hex"),
    };
    const template = { ...spec.template, metadata: { ...spec.template.metadata, annotations } };
    return { ...workload, spec: { ...spec, template } };
}

type ResourceClass = new (name: string, args: never, opts: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** The typed resource of each kind that the addons are made of. */
const classes: Readonly<Record<string, ResourceClass>> = {
    "v1/ConfigMap": k8s.core.v1.ConfigMap,
    "v1/PersistentVolumeClaim": k8s.core.v1.PersistentVolumeClaim,
    "v1/Secret": k8s.core.v1.Secret,
    "v1/Service": k8s.core.v1.Service,
    "v1/ServiceAccount": k8s.core.v1.ServiceAccount,
    "apps/v1/Deployment": k8s.apps.v1.Deployment,
    "apps/v1/StatefulSet": k8s.apps.v1.StatefulSet,
    "rbac.authorization.k8s.io/v1/ClusterRole": k8s.rbac.v1.ClusterRole,
    "rbac.authorization.k8s.io/v1/ClusterRoleBinding": k8s.rbac.v1.ClusterRoleBinding,
    "rbac.authorization.k8s.io/v1/Role": k8s.rbac.v1.Role,
    "rbac.authorization.k8s.io/v1/RoleBinding": k8s.rbac.v1.RoleBinding,
};

/**
 * Registers the typed resource of a manifest's kind.
 *
 * Typed resources rather than a ConfigGroup: they take the component's provider as every other resource does, a preview
 * needs no remote component for them, and their outputs (Kiali's node port) can be read.
 * @throws Error where the kind has no class in this file's table
 */
export function registerManifest(
    child: string,
    manifest: Manifest,
    opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
    const kind = `${manifest.apiVersion}/${manifest.kind}`;
    const Class = classes[kind];
    if (Class === undefined) {
        throw new Error(
            `The manifest of ${manifest.metadata.name} is a ${kind}, which this program cannot register; ` +
                `known: ${Object.keys(classes).join(", ")}`,
        );
    }
    return new Class(child, manifest as never, opts);
}
