import type { Engine } from "../../rpc/engine";
import type { Cluster } from "../cluster/cluster";
import type { Settings } from "../provider/settings";

/** What every operation on a resource needs of its provider. */
export interface ResourceContext {
    cluster: Cluster;
    settings: Settings;
    engine: Engine;
    /** ends when the engine cancels the run */
    cancelled: AbortSignal;
}
