import type { V1Service } from "@kubernetes/client-node";
import type { ChainNames, NatService } from "../nat";
import type { SliceEndpoint } from "./expected";
import type { PodIndex } from "./joinEndpoints";
import type { ServicePath } from "./path";

/** A path, and what the cluster says it should be. */
export interface PathToCheck {
    readonly path: ServicePath;
    /** `undefined` where the node has no rule of this Service port. */
    readonly nat: NatService | undefined;
    readonly names: ChainNames;
    readonly service: V1Service;
    readonly port: NonNullable<NonNullable<V1Service["spec"]>["ports"]>[number];
    /** The cluster IP of this family. */
    readonly address: string;
    readonly usable: readonly SliceEndpoint[];
    readonly index: PodIndex;
    readonly node: string | undefined;
    readonly source: string;
}
