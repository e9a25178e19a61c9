import type { StatusBoard } from "../control-plane/status";
import type { LabPlace } from "../place";
import type { KubeletApi } from "./kubelet-api";
import type { PodAddresses } from "./network";

/** What all pods of the lab share. */
export interface PodHost {
    readonly place: LabPlace;
    readonly api: KubeletApi;
    readonly addresses: PodAddresses;
    readonly board: StatusBoard;
    /** Environment of the processes' starters; the process itself gets the pod's. */
    readonly env: Readonly<Record<string, string>>;
    /** Whether sidecars, gateways and Bookinfo run, not istiod alone. */
    readonly dataPlane: boolean;
}
