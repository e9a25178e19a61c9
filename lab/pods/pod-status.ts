import type { V1ContainerStatus, V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { NODE_IP } from "../cluster/addresses";

/** How the process of a pod is. */
export interface ProcessState {
    readonly state: "waiting" | "running";
    /** Why it waits: `ContainerCreating`, `CrashLoopBackOff`, `ErrImagePull`, ... */
    readonly reason?: string;
    readonly message?: string;
    readonly ready: boolean;
    readonly restarts: number;
    /** When the process was started, as RFC 3339. */
    readonly startedAt?: string;
    readonly pid?: number;
    readonly lastExit?: { readonly code: number; readonly at: string };
    readonly address?: string;
}

/**
 * The status that a kubelet would report.
 * @param now as RFC 3339; a condition keeps its time of transition while its status stays.
 */
export function podStatus(pod: V1Pod, state: ProcessState, now: string): V1PodStatus {
    const old = new Map((pod.status?.conditions ?? []).map((condition) => [condition.type, condition]));
    const condition = (type: string, holds: boolean, reason?: string) => {
        const status = holds ? "True" : "False";
        const same = old.get(type)?.status === status;
        const since = same ? old.get(type)?.lastTransitionTime : undefined;
        return { type, status, lastTransitionTime: (since ?? now) as unknown as Date, reason: holds ? undefined : reason };
    };
    const running = state.state === "running";
    return {
        phase: running || state.restarts > 0 ? "Running" : "Pending",
        hostIP: NODE_IP,
        hostIPs: [{ ip: NODE_IP }],
        podIP: state.address,
        podIPs: state.address === undefined ? undefined : [{ ip: state.address }],
        startTime: (pod.status?.startTime ?? now) as unknown as Date,
        conditions: [
            condition("PodReadyToStartContainers", state.address !== undefined),
            condition("Initialized", true),
            condition("ContainersReady", state.ready, "ContainersNotReady"),
            condition("Ready", state.ready, "ContainersNotReady"),
        ],
        containerStatuses: (pod.spec?.containers ?? []).map((container) => containerStatus(container.name, container.image ?? "", state)),
    };
}

function containerStatus(name: string, image: string, state: ProcessState): V1ContainerStatus {
    const running = state.state === "running";
    const at = (time?: string) => time as unknown as Date;
    return {
        name,
        image,
        imageID: "",
        containerID: state.pid === undefined ? undefined : `lab://${state.pid}`,
        ready: state.ready,
        started: running,
        restartCount: state.restarts,
        // A merge patch keeps what it does not name: the other states are named as absent.
        state: (running
            ? { running: { startedAt: at(state.startedAt) }, waiting: null, terminated: null }
            : { waiting: { reason: state.reason ?? "ContainerCreating", message: state.message ?? null }, running: null, terminated: null }) as unknown as V1ContainerStatus["state"],
        lastState: state.lastExit && { terminated: { exitCode: state.lastExit.code, reason: "Error", finishedAt: at(state.lastExit.at) } },
    };
}
