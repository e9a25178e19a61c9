import { readFileSync } from "node:fs";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import type { ContainerProgram } from "./programs";

/** A user and a group, by their numbers in the lab. */
export interface Owner {
    readonly uid: number;
    readonly gid: number;
}

const readMap = () => readFileSync("/proc/self/uid_map", "utf8");

/**
 * The user that a container's process runs as: the container's, the pod's, else the image's.
 * @param readIds what the lab has of users, as lines `<first> <first outside> <count>`; its groups are the same
 * @throws Error if the lab has none of that number: without root it has a range
 */
export function ownerOf(
    pod: V1Pod,
    container: V1Container,
    program: Pick<ContainerProgram, "uid" | "gid">,
    readIds = readMap,
): Owner {
    const uid = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser ?? program.uid;
    const gid = container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup ?? program.gid;
    const ends = Array.from(
        readIds().matchAll(/^ *(\d+) +\d+ +(\d+)$/gm),
        ([, first, count]) => Number(first) + Number(count),
    );
    const end = Math.max(...ends);
    if (Math.max(uid, gid) < end) return { uid, gid };
    throw new Error(
        `container "${container.name}" runs as user ${uid} and group ${gid}: this lab, which runs without root, has those ` +
            `below ${end}; name one of them (runAsUser, runAsGroup), or run the lab as root`,
    );
}
