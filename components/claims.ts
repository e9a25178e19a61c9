import type { CustomResourceOptions, Resource } from "@pulumi/pulumi";
import { SKIP_AWAIT } from "./annotations";
import type { Manifest } from "./manifest";

/** The volume of an addon. */
export interface AddonStorage {
    /** Its StorageClass. @default the cluster's default */
    className?: string;
    /** Its size, a quantity such as `10Gi`. */
    size: string;
    /** Whether the cluster holds the claim already, bound to a volume: then it holds data and is never replaced. */
    bound: boolean;
}

/** The claim of an addon's volume. */
export function claim(
    metadata: Pick<Manifest["metadata"], "name" | "namespace" | "labels">,
    spec: object,
    { className, size }: AddonStorage,
): Manifest {
    return {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        // Many classes bind a claim only when a pod wants it; the workload is awaited.
        metadata: { ...metadata, annotations: SKIP_AWAIT },
        spec: {
            ...spec,
            ...(className !== undefined && { storageClassName: className }),
            resources: { requests: { storage: size } },
        },
    };
}

/** How an object of an addon with a volume is registered: nothing but the end of the addon deletes a bound claim. */
export function storageOptions(
    { kind }: Manifest,
    storage: AddonStorage | undefined,
    claims: readonly Resource[],
): CustomResourceOptions {
    if (storage === undefined) return {};
    switch (kind) {
        case "PersistentVolumeClaim":
            // The size of a bound claim is changed in place. One without a volume holds nothing and cannot be changed.
            return storage.bound ? { ignoreChanges: ["spec.storageClassName"] } : { replaceOnChanges: ["spec"] };
        case "StatefulSet":
            return { dependsOn: [...claims], ignoreChanges: ["spec.volumeClaimTemplates"] };
        case "Deployment":
            return { dependsOn: [...claims] };
        default:
            return {};
    }
}
