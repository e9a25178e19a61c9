import type { KubeConfig, V1Pod } from "@kubernetes/client-node";
import { NODE_NAME } from "../control-plane/addresses";
import { until } from "../control-plane/probes";
import type { StatusBoard } from "../control-plane/status";
import { watchObjects } from "../control-plane/watch";
import type { LabPlace } from "../place";
import { runsAsProcesses } from "./images";
import { KubeletApi } from "./kubelet-api";
import { PodAddresses } from "./network";
import type { PodHost } from "./pod-host";
import { PodRunner } from "./pod-runner";

/** How long `start` waits for pods that were there before the lab was stopped, in milliseconds. */
const RETURN_MS = 20_000;
/** When the lab is stopped its pods get this long, in seconds, whatever they ask for: as when a node shuts down. */
const STOP_GRACE_S = 1;

/** A kubelet for the pods that run as processes: one runner a pod, by UID. */
export class PodRunners {
    private readonly runners = new Map<string, PodRunner>();
    private readonly addresses = new PodAddresses();

    constructor(
        private readonly place: LabPlace,
        private readonly config: KubeConfig,
        private readonly env: Readonly<Record<string, string>>,
        private readonly board: StatusBoard,
        private readonly dataPlane: boolean,
        private readonly signal: AbortSignal,
    ) {}

    /** Watches the pods; resolves when those that were ready before a stop are so again, or 20 s are over. */
    async start(): Promise<void> {
        const api = await KubeletApi.create(this.config);
        const host: PodHost = {
            place: this.place,
            api,
            addresses: this.addresses,
            board: this.board,
            env: this.env,
            dataPlane: this.dataPlane,
        };
        const before = (await api.list()).items.filter(
            (pod) => this.mine(pod) && pod.status?.containerStatuses?.some(({ ready }) => ready),
        );
        await watchObjects<V1Pod>(
            this.config,
            "/api/v1/pods",
            () => api.list(),
            {
                changed: (pod) => this.mine(pod) && this.changed(pod, host),
                deleted: (pod) => void this.ends(pod, 0),
            },
            { signal: this.signal, fieldSelector: `spec.nodeName=${NODE_NAME}` },
        );
        const uids = before.map((pod) => pod.metadata?.uid ?? "");
        await until(() => Promise.resolve(uids.every((uid) => this.runners.get(uid)?.ready ?? true)), {
            timeoutMs: RETURN_MS,
            everyMs: 100,
            signal: this.signal,
        });
    }

    private mine(pod: V1Pod): boolean {
        return runsAsProcesses(pod, this.dataPlane);
    }

    /** Ends all processes; the pods stay in the API, as when a node is switched off. */
    async stop(): Promise<void> {
        await Promise.all([...this.runners.values()].map((runner) => runner.stop(STOP_GRACE_S)));
    }

    private changed(pod: V1Pod, host: PodHost): void {
        const uid = pod.metadata?.uid ?? "";
        if (this.signal.aborted) return;
        if (pod.metadata?.deletionTimestamp) {
            const grace = pod.metadata.deletionGracePeriodSeconds ?? 30;
            void this.ends(pod, grace)
                .then(() => host.api.deletePod(pod))
                .catch((error: unknown) => console.error(`deletion of pod ${pod.metadata?.name}:`, error));
            return;
        }
        const known = this.runners.get(uid);
        if (known) return known.update(pod);
        if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return;
        const runner = new PodRunner(pod, host);
        this.runners.set(uid, runner);
        runner.start();
    }

    private async ends(pod: V1Pod, graceS: number): Promise<void> {
        const uid = pod.metadata?.uid ?? "";
        await this.runners.get(uid)?.stop(graceS);
        this.runners.delete(uid);
    }
}
