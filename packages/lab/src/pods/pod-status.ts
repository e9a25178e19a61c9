import type { V1Container, V1ContainerState, V1ContainerStatus, V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { NODE_IP } from "../control-plane/addresses";

/** How one container of a pod is. */
export interface ContainerState {
    readonly state: "waiting" | "running" | "terminated";
    /** Why it waits: `PodInitializing`, `ContainerCreating`, `CrashLoopBackOff`, `ErrImagePull`, ... */
    readonly reason?: string;
    readonly message?: string;
    readonly ready: boolean;
    /** Whether its startup probe has answered, if it has one. */
    readonly started: boolean;
    readonly restarts: number;
    /** When its process was started and, once terminated, when it ended, as RFC 3339. */
    readonly startedAt?: string;
    readonly finishedAt?: string;
    readonly pid?: number;
    readonly lastExit?: { readonly code: number; readonly at: string };
}

/** How the processes of a pod are; states are by container name. */
export interface PodState {
    readonly address?: string;
    readonly init: ReadonlyMap<string, ContainerState>;
    readonly containers: ReadonlyMap<string, ContainerState>;
}

/** A container that has not been started. */
export const waiting = (reason: string, restarts = 0, message?: string): ContainerState => ({
    state: "waiting",
    reason,
    message,
    ready: false,
    started: false,
    restarts,
});

/**
 * The status that a kubelet would report.
 * @param now as RFC 3339; a condition keeps its time of transition while its status stays.
 */
export function podStatus(pod: V1Pod, state: PodState, now: string): V1PodStatus {
    const old = new Map((pod.status?.conditions ?? []).map((condition) => [condition.type, condition]));
    const condition = (type: string, holds: boolean, reason?: string) => {
        const status = holds ? "True" : "False";
        const same = old.get(type)?.status === status;
        const since = same ? old.get(type)?.lastTransitionTime : undefined;
        return {
            type,
            status,
            lastTransitionTime: (since ?? now) as unknown as Date,
            reason: holds ? undefined : reason,
        };
    };
    const initialized = [...state.init.values()].every((container) => container.state === "terminated");
    const containers = [...state.containers.values()];
    const ready = initialized && containers.every((container) => container.ready);
    const begun =
        initialized && containers.every((container) => container.state !== "waiting" || container.restarts > 0);
    return {
        phase: begun ? "Running" : "Pending",
        hostIP: NODE_IP,
        hostIPs: [{ ip: NODE_IP }],
        podIP: state.address,
        podIPs: state.address === undefined ? undefined : [{ ip: state.address }],
        startTime: (pod.status?.startTime ?? now) as unknown as Date,
        conditions: [
            condition("PodReadyToStartContainers", state.address !== undefined),
            condition("Initialized", initialized, "ContainersNotInitialized"),
            condition("ContainersReady", ready, "ContainersNotReady"),
            condition("Ready", ready, "ContainersNotReady"),
        ],
        initContainerStatuses: statuses(pod.spec?.initContainers, state.init),
        containerStatuses: statuses(pod.spec?.containers, state.containers),
    };
}

function statuses(
    containers: readonly V1Container[] | undefined,
    states: ReadonlyMap<string, ContainerState>,
): V1ContainerStatus[] | undefined {
    return containers?.map(({ name, image = "" }) =>
        containerStatus(name, image, states.get(name) ?? waiting("PodInitializing")),
    );
}

function containerStatus(name: string, image: string, state: ContainerState): V1ContainerStatus {
    return {
        name,
        image,
        imageID: "",
        containerID: state.pid === undefined ? undefined : `lab://${state.pid}`,
        ready: state.ready,
        started: state.started,
        restartCount: state.restarts,
        state: stateOf(state),
        lastState: state.lastExit && {
            terminated: { exitCode: state.lastExit.code, reason: "Error", finishedAt: time(state.lastExit.at) },
        },
    };
}

const time = (text?: string) => text as unknown as Date;

/** A merge patch keeps what it does not name: the other states are named as absent. */
function stateOf({ state, reason, message, startedAt, finishedAt }: ContainerState): V1ContainerState {
    const one = {
        waiting: { waiting: { reason: reason ?? "ContainerCreating", message: message ?? null } },
        running: { running: { startedAt: time(startedAt) } },
        terminated: {
            terminated: { exitCode: 0, reason: "Completed", startedAt: time(startedAt), finishedAt: time(finishedAt) },
        },
    };
    return { waiting: null, running: null, terminated: null, ...one[state] } as unknown as V1ContainerState;
}
