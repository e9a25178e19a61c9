import { chown, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
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
interface VolumeFile {
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
 * The volumes that the containers mount. Like a kubelet it looks only at mounted ones, and all that is not optional
 * must exist.
 * @throws MissingReference if something required does not exist (yet), naming the volume.
 * @throws Error if a volume is of a kind that no process of the lab can have, or a path leads out of where it belongs.
 */
export async function resolveVolumes(
    pod: V1Pod,
    containers: readonly V1Container[],
    sources: VolumeSources,
): Promise<Volumes> {
    const mounted = new Set(
        containers.flatMap((container) => (container.volumeMounts ?? []).map((mount) => mount.name)),
    );
    for (const container of containers) checkMounts(container);
    const volumes = new Map<string, VolumeFile[]>();
    for (const volume of pod.spec?.volumes ?? []) {
        if (!mounted.has(volume.name)) continue;
        try {
            const files = await filesOf(pod, volume, sources);
            const outside = files.find(({ path }) => !descends(path));
            if (outside)
                throw new Error(`volume "${volume.name}" has a file at ${JSON.stringify(outside.path)}${OUTSIDE}`);
            volumes.set(volume.name, files);
        } catch (error) {
            if (error instanceof MissingReference)
                throw new MissingReference(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
            throw error;
        }
    }
    return volumes;
}

const OUTSIDE = ', which leads out of it: leave ".." out of the path';

/** Whether a path stays below where it starts; an absolute one starts at the root that it belongs to. */
function descends(path: string): boolean {
    const normal = posix.normalize(`./${path}`);
    return normal !== ".." && !normal.startsWith("../");
}

/** Kubernetes allows `..` in a mountPath; here it would lead to the machine's own files. */
function checkMounts({ name, volumeMounts = [] }: V1Container): void {
    for (const { name: volume, mountPath, subPath = "", subPathExpr } of volumeMounts) {
        const what = `container "${name}" mounts volume "${volume}"`;
        if (!descends(mountPath))
            throw new Error(
                `${what} at ${JSON.stringify(mountPath)}, which leads out of its root: leave ".." out of mountPath`,
            );
        if (!descends(subPath)) throw new Error(`${what} with subPath ${JSON.stringify(subPath)}${OUTSIDE}`);
        if (subPathExpr !== undefined)
            throw new Error(`${what} with subPathExpr, which the lab does not know: use subPath`);
    }
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
        `volume "${volume.name}" is none of emptyDir, configMap, secret, downwardAPI and projected: ` +
            "the lab cannot give it to a process",
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
 * Writes a container's mounts under the root that its process will see. A file that changed is replaced in one step,
 * one that is the same is left alone; what has left a volume stays.
 * @throws Error if a link of the image or of the running process leads a path out of the root
 */
export async function writeMounts(
    root: string,
    container: V1Container,
    volumes: Volumes,
    owner: { uid: number; gid: number },
): Promise<void> {
    for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
        const all = volumes.get(name) ?? [];
        const target = join(root, mountPath);
        const sub = subPath === undefined ? "" : posix.join(subPath, "/");
        const file = all.find(({ path }) => `${path}/` === sub);
        if (file) {
            await writeOne(root, target, file, owner);
            continue;
        }
        await ensureInside(root, target);
        await mkdir(target, { recursive: true });
        await chown(target, owner.uid, owner.gid);
        for (const each of all.filter(({ path }) => path.startsWith(sub)))
            await writeOne(root, join(target, each.path.slice(sub.length)), each, owner);
    }
}

async function writeOne(
    root: string,
    path: string,
    file: VolumeFile,
    owner: { uid: number; gid: number },
): Promise<void> {
    await ensureInside(root, dirname(path));
    if ((await readFile(path, "utf8").catch(() => undefined)) === file.content) return;
    await mkdir(dirname(path), { recursive: true });
    await rm(`${path}.new`, { force: true });
    await writeFile(`${path}.new`, file.content, { mode: file.mode, flag: "wx" });
    await chown(`${path}.new`, owner.uid, owner.gid);
    await rename(`${path}.new`, path);
}

/** Follows the links of as much of a path as exists. */
async function ensureInside(root: string, path: string): Promise<void> {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined && path !== root) return ensureInside(root, dirname(path));
    const top = await realpath(root);
    if (real !== top && !real?.startsWith(`${top}/`))
        throw new Error(`${path.slice(root.length)} of the container is a link that leads out of it`);
}
