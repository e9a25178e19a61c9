import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabPlace } from "../place";

/** What the node server must know of a pod to answer `kubectl logs`, `exec`, `attach` and `port-forward`. */
export interface PodFile {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    /** File that stands for the pod's network namespace. */
    readonly networkNamespace: string;
    /** By name, init containers included. */
    readonly containers: Readonly<Record<string, ContainerFile>>;
}

/** The server takes a container's namespaces, user and environment from its process. */
interface ContainerFile {
    /** Of its process; absent while none runs. */
    readonly pid?: number;
    /** The directory that its process sees as `/`. */
    readonly root: string;
    readonly logFile: string;
}

/** Directory with one directory for each pod, named by its UID. */
export const podsDir = (place: LabPlace) => join(place.state, "pods");

/** Writes `pod.json` into a pod's directory, whole or not at all: it goes with the directory. */
export function writePodFile(dir: string, pod: PodFile): void {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, "pod.json");
    writeFileSync(`${file}.new`, `${JSON.stringify(pod)}\n`);
    renameSync(`${file}.new`, file);
}
