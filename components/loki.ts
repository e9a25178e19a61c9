import type { CustomResourceOptions, Input, Resource } from "@pulumi/pulumi";
import { SKIP_AWAIT } from "./annotations";
import type { Manifest } from "./manifest";

/** Loki's volume. */
export interface LokiArgs {
    /**
     * Its StorageClass.
     *
     * A change: nothing, once there is a volume.
     * @default the cluster's default class
     */
    storageClass?: Input<string>;
    /**
     * Its size, a quantity such as `10Gi`.
     *
     * A change: in place where it grows and the class allows it (`allowVolumeExpansion`); else the update fails.
     * @default "10Gi"
     */
    storageSize?: Input<string>;
}

interface ClaimTemplate {
    metadata: { name: string };
    spec: object;
}

/**
 * Loki's objects as upstream has them, with the claim of its volume as an object of its own.
 *
 * A StatefulSet's claim templates cannot be changed, so that another size would replace the StatefulSet, and upstream's
 * policy deletes the claim with it. The StatefulSet takes a claim that has the name which it would give, and keeps it.
 */
export function lokiObjects(objects: readonly Manifest[], storage: LokiArgs): Manifest[] {
    return objects.flatMap((object) => {
        if (object.kind !== "StatefulSet") return [object];
        const spec = object.spec as { volumeClaimTemplates?: ClaimTemplate[] };
        const claims = spec.volumeClaimTemplates?.map((template) => claimOf(object, template, storage)) ?? [];
        if (claims.length === 0) return [object];
        const retention = { whenDeleted: "Retain", whenScaled: "Retain" };
        return [...claims, { ...object, spec: { ...spec, persistentVolumeClaimRetentionPolicy: retention } }];
    });
}

/** The claim as the StatefulSet's controller would make it for the first pod, of the wanted size and class. */
function claimOf(
    statefulSet: Manifest,
    template: ClaimTemplate,
    { storageClass, storageSize = "10Gi" }: LokiArgs,
): Manifest {
    const { name, namespace } = statefulSet.metadata;
    const { selector } = statefulSet.spec as { selector?: { matchLabels?: Record<string, string> } };
    return {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: {
            name: `${template.metadata.name}-${name}-0`,
            namespace,
            labels: selector?.matchLabels,
            // Many classes bind a claim only when a pod wants it; the StatefulSet is awaited.
            annotations: SKIP_AWAIT,
        },
        spec: {
            ...template.spec,
            ...(storageClass !== undefined && { storageClassName: storageClass }),
            resources: { requests: { storage: storageSize } },
        },
    };
}

/**
 * How an object of Loki's is registered: nothing but the end of the stack, or of Loki in it, deletes a claim that may
 * hold logs.
 *
 * @param unbound whether it is known that the claim has no volume
 */
export function lokiOptions({ kind }: Manifest, unbound: boolean, claims: Resource[]): CustomResourceOptions {
    switch (kind) {
        case "PersistentVolumeClaim":
            // The size of a bound claim is changed in place. One without a volume holds nothing and cannot be changed.
            return unbound ? { replaceOnChanges: ["spec"] } : { ignoreChanges: ["spec.storageClassName"] };
        case "StatefulSet":
            return { dependsOn: claims, ignoreChanges: ["spec.volumeClaimTemplates"] };
        default:
            return {};
    }
}
