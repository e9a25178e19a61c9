import { constants } from "node:fs";
import { copyFile, link, mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { API_SERVICE_IP } from "../cluster/addresses";

/** What a kubelet and a container runtime set in every container. */
export function baseEnvironment(pod: V1Pod): Record<string, string> {
    return {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
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

/**
 * Makes the file system that a pod's process sees as `/`: its statically linked program and the files that a container runtime
 * adds. What the pod mounts is written into it, at the paths that the program knows.
 */
export async function makeRoot(root: string, binary: string, pod: { program: string; hostname: string; address: string }): Promise<void> {
    await rm(root, { recursive: true, force: true });
    for (const dir of ["etc", "proc", "tmp", "usr/local/bin"]) await mkdir(join(root, dir), { recursive: true });
    await place(await realpath(binary), join(root, "usr/local/bin", pod.program));
    await writeFile(join(root, "etc/hosts"), `127.0.0.1\tlocalhost\n::1\tlocalhost\n${pod.address}\t${pod.hostname}\n`);
    // The lab has no DNS server; without this file a resolver would ask port 53 of localhost, which refuses as well.
    await writeFile(join(root, "etc/resolv.conf"), "search svc.cluster.local cluster.local\noptions timeout:1 attempts:1\n");
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
