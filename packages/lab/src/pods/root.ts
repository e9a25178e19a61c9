import { constants } from "node:fs";
import {
    chmod,
    copyFile,
    link,
    lstat,
    mkdir,
    readlink,
    realpath,
    rm,
    stat,
    symlink,
    writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { API_SERVICE_IP, DNS_SERVICE_IP } from "../control-plane/addresses";
import type { ContainerProgram } from "./programs";

/** What a kubelet and a container runtime set in every container. */
export function baseEnvironment(pod: V1Pod): Record<string, string> {
    return {
        // /lab holds the image's own programs where /usr is the system's: `kubectl exec` finds pilot-agent by its name.
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/lab",
        HOSTNAME: pod.metadata?.name ?? "",
        HOME: "/",
        KUBERNETES_SERVICE_HOST: API_SERVICE_IP,
        KUBERNETES_SERVICE_PORT: "443",
        KUBERNETES_SERVICE_PORT_HTTPS: "443",
        KUBERNETES_PORT: `tcp://${API_SERVICE_IP}:443`,
        KUBERNETES_PORT_443_TCP: `tcp://${API_SERVICE_IP}:443`,
        KUBERNETES_PORT_443_TCP_PROTO: "tcp",
        KUBERNETES_PORT_443_TCP_PORT: "443",
        KUBERNETES_PORT_443_TCP_ADDR: API_SERVICE_IP,
    };
}

/** One thing of the system that a process sees in its own root. */
export interface RootMount {
    readonly source: string;
    /** Path inside the root. */
    readonly target: string;
    readonly readOnly: boolean;
}

/** Directories with the system's libraries, programs and certificates. */
const SYSTEM_DIRS = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/ssl/certs",
];
/** Devices that a container has. */
const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const STANDARD_STREAMS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
};

/**
 * Makes the file system that a container's process sees as `/`: its image's files and those that a container runtime
 * adds. What the pod mounts is written into it, at the paths that the program knows.
 * @returns what is to be mounted into it when the process is started; nothing for a static program.
 */
export async function makeRoot(
    root: string,
    program: ContainerProgram,
    pod: { hostname: string; namespace: string; address: string },
): Promise<RootMount[]> {
    await rm(root, { recursive: true, force: true });
    for (const dir of ["etc", "proc", "run", "usr/local/bin"]) await mkdir(join(root, dir), { recursive: true });
    for (const dir of ["tmp", "dev/shm"]) {
        await mkdir(join(root, dir), { recursive: true });
        await chmod(join(root, dir), 0o1777);
    }
    await writeFile(join(root, "etc/hosts"), `127.0.0.1\tlocalhost\n::1\tlocalhost\n${pod.address}\t${pod.hostname}\n`);
    const search = [`${pod.namespace}.svc.cluster.local`, "svc.cluster.local", "cluster.local"].join(" ");
    await writeFile(
        join(root, "etc/resolv.conf"),
        `nameserver ${DNS_SERVICE_IP}\nsearch ${search}\noptions ndots:5 timeout:2 attempts:2\n`,
    );
    for (const [path, text] of Object.entries(program.texts ?? {})) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), text);
    }
    if (program.system) return systemRoot(root, program);
    for (const [path, file] of Object.entries(program.files)) await place(await realpath(file), join(root, path));
    return [];
}

async function systemRoot(root: string, program: ContainerProgram): Promise<RootMount[]> {
    const mounts: RootMount[] = [{ source: "/proc", target: "/proc", readOnly: false }];
    await rm(join(root, "usr"), { recursive: true });
    for (const dir of SYSTEM_DIRS) {
        const found = await lstat(dir).catch(() => undefined);
        if (found?.isSymbolicLink()) await symlink(await readlink(dir), join(root, dir));
        else if (found) mounts.push({ source: dir, target: dir, readOnly: true });
    }
    for (const [path, target] of Object.entries(STANDARD_STREAMS)) await symlink(target, join(root, path));
    mounts.push(...DEVICES.map((device) => ({ source: device, target: device, readOnly: false })));
    // Not copied: what several processes map from one file is in memory once.
    for (const [target, file] of Object.entries(program.files))
        mounts.push({ source: await realpath(file), target, readOnly: true });
    for (const { source, target } of mounts) await mountPoint(join(root, target), (await stat(source)).isDirectory());
    return mounts;
}

async function mountPoint(path: string, directory: boolean): Promise<void> {
    await mkdir(directory ? path : dirname(path), { recursive: true });
    if (!directory) await writeFile(path, "");
}

/** A hard link costs nothing; on another file system a copy must do. */
async function place(file: string, target: string): Promise<void> {
    await mkdir(dirname(target), { recursive: true });
    try {
        await link(file, target);
    } catch {
        await copyFile(file, target, constants.COPYFILE_FICLONE);
    }
}

/**
 * Mounts and changes the root. The mount namespace is the process's own and private: nothing is seen outside, all is
 * gone with the process, and removing the root's directory can touch none of it.
 */
const ENTER = `set -e
root=$1 user=$2; shift 2
while [ "$1" != -- ]; do
    mount --rbind "$1" "$root$2"
    # In a user namespace nosuid and nodev must stay where the machine has them.
    [ "$3" = rw ] || mount -o remount,bind,ro,nosuid,nodev "$root$2"
    shift 3
done
shift
exec chroot --userspec="$user" "$root" "$@"`;

/** A command line that runs another one, as a user, in a root with its mounts. */
export function inRoot(
    root: string,
    mounts: readonly RootMount[],
    user: { uid: number; gid: number },
    command: readonly string[],
): string[] {
    const userspec = `${user.uid}:${user.gid}`;
    if (mounts.length === 0) return ["chroot", `--userspec=${userspec}`, root, ...command];
    const triples = mounts.flatMap(({ source, target, readOnly }) => [source, target, readOnly ? "ro" : "rw"]);
    return [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--",
        "sh",
        "-c",
        ENTER,
        "sh",
        root,
        userspec,
        ...triples,
        "--",
        ...command,
    ];
}
