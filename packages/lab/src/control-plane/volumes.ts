import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CoreV1Api, KubeConfig, V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { reasonOf } from "@istio-on-pulumi/kube";
import { NODE_NAME } from "./addresses";
import { VOLUME_PROVISIONER } from "./objects";
import { watchObjects } from "./watch";

const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";

/** Whether a claim waits for a volume of the lab's provisioner: the volume controller says so by an annotation. */
export function wantsVolume(claim: V1PersistentVolumeClaim): boolean {
    const asked = claim.metadata?.annotations?.["volume.kubernetes.io/storage-provisioner"];
    return asked === VOLUME_PROVISIONER && !claim.spec?.volumeName && !claim.metadata?.deletionTimestamp;
}

/**
 * The size that a bound claim of the lab's provisioner has outgrown its volume to, or undefined. The API server lets a
 * claim ask for more only where its class allows it.
 */
export function grownTo({ metadata, spec, status }: V1PersistentVolumeClaim): string | undefined {
    const wanted = spec?.resources?.requests?.storage;
    const isOurs = metadata?.annotations?.["volume.kubernetes.io/storage-provisioner"] === VOLUME_PROVISIONER;
    const isBound = status?.phase === "Bound" && !metadata?.deletionTimestamp;
    return isOurs && isBound && wanted !== status.capacity?.storage ? wanted : undefined;
}

/** Whether the lab made the volume and its claim is gone, so that nobody but the lab will delete it. */
export function isLeftOver(volume: V1PersistentVolume): boolean {
    return (
        volume.metadata?.annotations?.[PROVISIONED_BY] === VOLUME_PROVISIONER &&
        volume.status?.phase === "Released" &&
        volume.spec?.persistentVolumeReclaimPolicy === "Delete" &&
        !volume.metadata.deletionTimestamp
    );
}

/** The volume for a claim, bound to that very claim. @param dir where a pod that is a process would find it. */
export function volumeFor(claim: V1PersistentVolumeClaim, dir: string): V1PersistentVolume {
    const name = `pvc-${claim.metadata?.uid}`;
    return {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name, annotations: { [PROVISIONED_BY]: VOLUME_PROVISIONER } },
        spec: {
            capacity: { storage: claim.spec?.resources?.requests?.storage ?? "1Gi" },
            accessModes: claim.spec?.accessModes,
            volumeMode: claim.spec?.volumeMode,
            persistentVolumeReclaimPolicy: "Delete",
            storageClassName: claim.spec?.storageClassName,
            claimRef: {
                apiVersion: "v1",
                kind: "PersistentVolumeClaim",
                namespace: claim.metadata?.namespace,
                name: claim.metadata?.name,
                uid: claim.metadata?.uid,
            },
            hostPath: { path: join(dir, name), type: "DirectoryOrCreate" },
            nodeAffinity: {
                required: {
                    nodeSelectorTerms: [
                        { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [NODE_NAME] }] },
                    ],
                },
            },
        },
    };
}

/**
 * Makes a volume for each claim that asks the lab's provisioner, lets it grow with the claim, and deletes it when its
 * claim is gone.
 * @param dir directory of the volumes' contents; one is made in it when a pod that is a process mounts it.
 */
export async function provisionVolumes(config: KubeConfig, dir: string, signal: AbortSignal): Promise<void> {
    const client = await import("@kubernetes/client-node");
    const api: CoreV1Api = config.makeApiClient(client.CoreV1Api);
    /** Repeats a request until the API server has taken it; that the object is there, or gone, already is as good. */
    const insist = async (request: () => Promise<unknown>): Promise<void> => {
        while (!signal.aborted) {
            try {
                await request();
                return;
            } catch (error) {
                const { code } = error as { code?: number };
                if (code === 409 || code === 404) return;
                console.error(`volumes: ${reasonOf(error)}`);
                await sleep(1000, undefined, { signal }).catch(() => undefined);
            }
        }
    };
    const asMerge = client.setHeaderOptions("Content-Type", client.PatchStrategy.MergePatch);
    /** First the volume, as a resizer does: the claim tells only of what is there. */
    const grow = async ({ metadata, spec }: V1PersistentVolumeClaim, storage: string) => {
        const capacity = { storage };
        await api.patchPersistentVolume({ name: spec?.volumeName ?? "", body: { spec: { capacity } } }, asMerge);
        await api.patchNamespacedPersistentVolumeClaimStatus(
            { name: metadata?.name ?? "", namespace: metadata?.namespace ?? "", body: { status: { capacity } } },
            asMerge,
        );
    };
    await watchObjects(
        config,
        "/api/v1/persistentvolumeclaims",
        () => api.listPersistentVolumeClaimForAllNamespaces(),
        {
            changed: (claim) => {
                if (wantsVolume(claim)) void insist(() => api.createPersistentVolume({ body: volumeFor(claim, dir) }));
                const storage = grownTo(claim);
                if (storage !== undefined) void insist(() => grow(claim, storage));
            },
            deleted: () => undefined,
        },
        { signal },
    );
    await watchObjects(
        config,
        "/api/v1/persistentvolumes",
        () => api.listPersistentVolume(),
        {
            changed: (volume) => {
                if (isLeftOver(volume))
                    void insist(() => api.deletePersistentVolume({ name: volume.metadata?.name ?? "" }));
            },
            deleted: () => undefined,
        },
        { signal },
    );
}
