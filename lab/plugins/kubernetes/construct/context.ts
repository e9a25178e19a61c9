import type { Engine } from "../../rpc/engine";
import type { Cluster } from "../cluster/cluster";
import type { HelmTarget } from "../helm/cli";

/** What a component needs of its provider. */
export interface ConstructContext {
    cluster: Cluster;
    engine: Engine;
    defaultNamespace: string;
    helm: HelmTarget;
}
