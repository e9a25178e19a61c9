import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { inspectInjection } from "../../src/mesh/injection";
import { findScope } from "../../src/mesh/scope";
import { pod } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";

function inspect(extra: V1Pod) {
    const snapshot = { ...mesh(), pods: [...mesh().pods, extra] };
    return inspectInjection(snapshot, findScope(snapshot)).findings;
}

describe("a pod that no node takes", () => {
    const unschedulable = (of: string): V1Pod => {
        const waiting = pod({ namespace: of, name: "waits", ready: false });
        waiting.status = {
            phase: "Pending",
            conditions: [
                {
                    type: "PodScheduled",
                    status: "False",
                    reason: "Unschedulable",
                    message: "0/3 nodes are available: 3 Insufficient cpu.\npreemption: 0/3 nodes are available.",
                },
            ],
        };
        return waiting;
    };

    it.each(["shop", "istio-system"])("of %s comes with the scheduler's words", (of) => {
        expect(inspect(unschedulable(of)).find(({ code }) => code === "injection/not-ready")!.message).toBe(
            `The pod ${of}/waits is not ready: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu. preemption: ` +
                `0/3 nodes are available; see: kubectl -n ${of} describe pod waits`,
        );
    });

    it("and is nobody else's", () => {
        expect(inspect(unschedulable("default"))).toEqual([]);
    });
});
