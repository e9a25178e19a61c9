import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KubernetesObject } from "@kubernetes/client-node";
import type { ClusterSnapshot } from "../src/snapshot/snapshot";
import { emptySnapshot } from "./cluster";

const file = (name: string) => readFileSync(join(__dirname, "golden", name), "utf8");

/** Rules of a real kube-proxy, as golden/capture.sh took them: `3`, or `nftables-3` in that mode. */
export const goldenRules = (name: string): string => file(`rules-${name}.txt`);

/** The cluster's objects at that moment. */
export function goldenSnapshot(name: string): ClusterSnapshot {
    const objects = JSON.parse(file(`objects-${name}.json`)) as KubernetesObject[];
    const of = <T>(kind: string) => objects.filter((object) => object.kind === kind) as T[];
    return {
        ...emptySnapshot,
        nodes: of("Node"),
        pods: of("Pod"),
        services: of("Service"),
        endpointSlices: of("EndpointSlice"),
    };
}
