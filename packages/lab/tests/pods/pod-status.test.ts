import type { V1PodStatus } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { type ContainerState, podStatus, waiting } from "../../src/pods/pod-status";

describe("podStatus", () => {
    const pod = {
        spec: {
            initContainers: [{ name: "istio-init", image: "proxyv2:1" }],
            containers: [
                { name: "app", image: "x:1" },
                { name: "istio-proxy", image: "proxyv2:1" },
            ],
        },
        status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "old" as never }] },
    };
    const at = "2026-01-01T00:00:00Z";
    const running = (ready: boolean): ContainerState => ({
        state: "running",
        ready,
        started: true,
        restarts: 0,
        startedAt: at,
        pid: 7,
    });
    const done: ContainerState = {
        state: "terminated",
        ready: true,
        started: false,
        restarts: 0,
        startedAt: at,
        finishedAt: at,
    };
    const status = (init: ContainerState, app: ContainerState, proxy: ContainerState) =>
        podStatus(
            pod,
            {
                address: "10.244.128.1",
                init: new Map([["istio-init", init]]),
                containers: new Map([
                    ["app", app],
                    ["istio-proxy", proxy],
                ]),
            },
            at,
        );
    const condition = (found: V1PodStatus, type: string) => found.conditions?.find((each) => each.type === type);

    it("is Pending with the reason while the pod waits for what it mounts", () => {
        const held = waiting("ContainerCreating", 0, "missing");
        const found = podStatus(
            pod,
            {
                init: new Map([["istio-init", held]]),
                containers: new Map([
                    ["app", held],
                    ["istio-proxy", held],
                ]),
            },
            at,
        );
        expect(found.phase).toBe("Pending");
        expect(found.podIPs).toBeUndefined();
        expect(found.containerStatuses?.[0]).toMatchObject({
            name: "app",
            ready: false,
            started: false,
            state: { waiting: { reason: "ContainerCreating", message: "missing" }, running: null },
        });
        expect(condition(found, "Ready")).toMatchObject({
            status: "False",
            lastTransitionTime: at,
            reason: "ContainersNotReady",
        });
    });

    it("is initialized when the init containers have completed, and not before", () => {
        const before = status(running(false), waiting("PodInitializing"), waiting("PodInitializing"));
        expect([before.phase, condition(before, "Initialized")]).toMatchObject([
            "Pending",
            { status: "False", reason: "ContainersNotInitialized" },
        ]);
        const after = status(done, running(true), running(false));
        expect([after.phase, condition(after, "Initialized")?.status]).toEqual(["Running", "True"]);
        expect(after.initContainerStatuses?.[0]).toMatchObject({
            ready: true,
            state: { terminated: { exitCode: 0, reason: "Completed", finishedAt: at }, running: null },
        });
    });

    it("is Ready only when every container is, and keeps the time of a condition that has not changed", () => {
        expect(condition(status(done, running(true), running(false)), "Ready")).toMatchObject({
            status: "False",
            lastTransitionTime: at,
        });
        const found = status(done, { ...running(true), restarts: 2, lastExit: { code: 1, at } }, running(true));
        expect(condition(found, "Ready")).toMatchObject({ status: "True", lastTransitionTime: "old" });
        expect(found.podIPs).toEqual([{ ip: "10.244.128.1" }]);
        expect(found.containerStatuses?.[0]).toMatchObject({
            ready: true,
            restartCount: 2,
            containerID: "lab://7",
            lastState: { terminated: { exitCode: 1 } },
            state: { running: { startedAt: at }, waiting: null },
        });
    });

    it("stays Running between a crash and the next start", () => {
        expect(status(done, waiting("CrashLoopBackOff", 1), running(true)).phase).toBe("Running");
    });
});
