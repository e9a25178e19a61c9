import { chown, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type {
    V1Container,
    V1DownwardAPIVolumeFile,
    V1KeyToPath,
    V1Pod,
    V1ServiceAccountTokenProjection,
    V1Volume,
    V1VolumeProjection,
} from "@kubernetes/client-node";
import { type Lookup, MissingReference, podField, resourceField } from "./environment";

/** One file of a volume: its path inside the volume. */
export interface VolumeFile {
    readonly path: string;
    readonly content: string;
    readonly mode: number;
}

/** The files of each volume that a container mounts, by volume name; an empty list is an empty directory. */
export type Volumes = ReadonlyMap<string, readonly VolumeFile[]>;

/** What a volume's content comes from. */
export interface VolumeSources {
    readonly lookup: Lookup;
    /** A token of the pod's service account, bound to the pod. */
    readonly token: (projection: V1ServiceAccountTokenProjection) => Promise<string>;
}

const DEFAULT_MODE = 0o644;
const TOKEN_MODE = 0o600;

/**
 * The volumes that the containers mount. Like a kubelet it looks only at mounted ones, and all that is not optional must exist.
 * @throws MissingReference if something required does not exist (yet), naming the volume.
 * @throws Error if a volume is of a kind that no process of the lab can have.
 */
export async function resolveVolumes(
    pod: V1Pod,
    containers: readonly V1Container[],
    sources: VolumeSources,
): Promise<Volumes> {
    const mounted = new Set(
        containers.flatMap((container) => (container.volumeMounts ?? []).map((mount) => mount.name)),
    );
    const volumes = new Map<string, VolumeFile[]>();
    for (const volume of pod.spec?.volumes ?? []) {
        if (!mounted.has(volume.name)) continue;
        try {
            volumes.set(volume.name, await filesOf(pod, volume, sources));
        } catch (error) {
            if (error instanceof MissingReference)
                throw new MissingReference(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
            throw error;
        }
    }
    return volumes;
}

async function filesOf(pod: V1Pod, volume: V1Volume, sources: VolumeSources): Promise<VolumeFile[]> {
    if (volume.emptyDir) return [];
    if (volume.configMap)
        return keyFiles(
            "ConfigMap",
            volume.configMap.name,
            volume.configMap,
            volume.configMap.defaultMode,
            sources.lookup,
        );
    if (volume.secret)
        return keyFiles("Secret", volume.secret.secretName, volume.secret, volume.secret.defaultMode, sources.lookup);
    if (volume.downwardAPI) return downwardFiles(pod, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode);
    if (volume.projected) {
        const { sources: projections = [], defaultMode } = volume.projected;
        const all = await Promise.all(
            projections.map((projection) => projectedFiles(pod, projection, defaultMode, sources)),
        );
        return all.flat();
    }
    throw new Error(
        `volume "${volume.name}" is none of emptyDir, configMap, secret, downwardAPI and projected: the lab cannot give it to a process`,
    );
}

async function projectedFiles(
    pod: V1Pod,
    projection: V1VolumeProjection,
    mode: number | undefined,
    sources: VolumeSources,
): Promise<VolumeFile[]> {
    const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
    if (serviceAccountToken)
        return [
            { path: serviceAccountToken.path, content: await sources.token(serviceAccountToken), mode: TOKEN_MODE },
        ];
    if (configMap) return keyFiles("ConfigMap", configMap.name, configMap, mode, sources.lookup);
    if (secret) return keyFiles("Secret", secret.name, secret, mode, sources.lookup);
    return downwardFiles(pod, downwardAPI?.items ?? [], mode);
}

async function keyFiles(
    kind: "ConfigMap" | "Secret",
    name: string | undefined,
    source: { items?: V1KeyToPath[]; optional?: boolean },
    mode: number | undefined,
    lookup: Lookup,
): Promise<VolumeFile[]> {
    const data = await lookup(kind, name ?? "");
    if (!data) {
        if (source.optional) return [];
        throw new MissingReference(`${kind.toLowerCase()} "${name}" not found`);
    }
    const items: V1KeyToPath[] = source.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    return items.flatMap((item) => {
        const content = data[item.key];
        if (content !== undefined) return [{ path: item.path, content, mode: item.mode ?? mode ?? DEFAULT_MODE }];
        if (source.optional) return [];
        throw new MissingReference(`${kind.toLowerCase()} "${name}" has no key "${item.key}"`);
    });
}

/** Labels and annotations come as lines `key="value"`, resources of a container by its name. */
function downwardFiles(pod: V1Pod, items: readonly V1DownwardAPIVolumeFile[], mode: number | undefined): VolumeFile[] {
    return items.map((item) => {
        const container = pod.spec?.containers.find(({ name }) => name === item.resourceFieldRef?.containerName);
        const content = item.fieldRef
            ? podField(pod, item.fieldRef)
            : container && item.resourceFieldRef
              ? resourceField(container, item.resourceFieldRef)
              : "";
        return { path: item.path, content, mode: item.mode ?? mode ?? DEFAULT_MODE };
    });
}

/**
 * Writes a container's mounts under the root that its process will see. A file that changed is replaced in one step, one that
 * is the same is left alone; what has left a volume stays.
 */
export async function writeMounts(
    root: string,
    container: V1Container,
    volumes: Volumes,
    owner: { uid: number; gid: number },
): Promise<void> {
    for (const mount of container.volumeMounts ?? []) {
        const files = volumes.get(mount.name) ?? [];
        const file = mount.subPath === undefined ? undefined : files.find(({ path }) => path === mount.subPath);
        if (file) {
            await writeOne(join(root, mount.mountPath), file, owner);
            continue;
        }
        const dir = join(root, mount.mountPath);
        await mkdir(dir, { recursive: true });
        await chown(dir, owner.uid, owner.gid);
        for (const each of files) await writeOne(join(dir, each.path), each, owner);
    }
}

async function writeOne(path: string, file: VolumeFile, owner: { uid: number; gid: number }): Promise<void> {
    if ((await readFile(path, "utf8").catch(() => undefined)) === file.content) return;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, file.content, { mode: file.mode });
    await chown(`${path}.new`, owner.uid, owner.gid);
    await rename(`${path}.new`, path);
}
