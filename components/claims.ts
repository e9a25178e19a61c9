import type { CustomResourceOptions, Input, Resource } from "@pulumi/pulumi";
import { SKIP_AWAIT } from "./annotations";
import type { Manifest } from "./manifest";

/** The volume of an addon. */
export interface VolumeArgs {
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
     * A change: in place where it grows and the class allows it (`allowVolumeExpansion`); else the update fails. Data:
     * Prometheus loses its metrics when it gets a volume or is left without one.
     * @default "10Gi" for Loki; for Prometheus no volume, so that a restart loses the metrics
     */
    storageSize?: Input<string>;
}

/** The claim of an addon's volume. */
export function claim(
    metadata: Pick<Manifest["metadata"], "name" | "namespace" | "labels">,
    spec: object,
    { storageClass, storageSize }: VolumeArgs,
): Manifest {
    return {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        // Many classes bind a claim only when a pod wants it; the workload is awaited.
        metadata: { ...metadata, annotations: SKIP_AWAIT },
        spec: {
            ...spec,
            ...(storageClass !== undefined && { storageClassName: storageClass }),
            resources: { requests: { storage: storageSize } },
        },
    };
}

/**
 * How an object of an addon is registered: nothing but the end of the addon deletes a claim that may hold data.
 *
 * @param isUnbound whether the claim is known to have no volume: it holds nothing, and cannot be changed
 * @param claims those of the addon that are registered already
 */
export function storageOptions(
    { kind }: Manifest,
    isUnbound: boolean,
    claims: readonly Resource[],
): CustomResourceOptions {
    switch (kind) {
        case "PersistentVolumeClaim":
            // The size of a bound claim is changed in place.
            return isUnbound ? { replaceOnChanges: ["spec"] } : { ignoreChanges: ["spec.storageClassName"] };
        case "StatefulSet":
            return { dependsOn: [...claims], ignoreChanges: ["spec.volumeClaimTemplates"] };
        case "Deployment":
            return { dependsOn: [...claims] };
        default:
            return {};
    }
}
