import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Subject } from "../../../../lab/plugins/kubernetes/await/condition";
import { DaemonSetReady } from "../../../../lab/plugins/kubernetes/await/daemon-set";
import { DeploymentReady } from "../../../../lab/plugins/kubernetes/await/deployment";
import { JobReady } from "../../../../lab/plugins/kubernetes/await/job";
import { podVerdict } from "../../../../lab/plugins/kubernetes/await/pod-problems";
import { ServiceReady, SETTLE_MS } from "../../../../lab/plugins/kubernetes/await/service";
import { StatefulSetReady } from "../../../../lab/plugins/kubernetes/await/stateful-set";
import { Engine, ResourceLog } from "../../../../lab/plugins/rpc/engine";
import type { Props } from "../../../../lab/plugins/rpc/values";

const REVISION = "deployment.kubernetes.io/revision";

function subjectOf(live: Props, last?: Props): Subject {
    return { urn: "urn", inputs: live, live, last, timeout: 0, log: new ResourceLog(new Engine(undefined), "urn") };
}

function added(object: Props): { type: "ADDED"; object: Props } {
    return { type: "ADDED", object };
}

function conditions(...pairs: [type: string, status: string, reason?: string][]): Props[] {
    return pairs.map(([type, status, reason]) => ({ type, status, reason: reason ?? type, message: "because" }));
}

describe("a Deployment", () => {
    const deployment = (revision: string, status: Props, generation = 1): Props => ({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "d", namespace: "n", uid: "d", generation, annotations: revision ? { [REVISION]: revision } : {} },
        spec: { replicas: 2 },
        status,
    });
    const replicaSet = (revision: string, ready: number): Props => ({
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: { name: "r", uid: "r", annotations: { [REVISION]: revision }, ownerReferences: [{ uid: "d" }] },
        spec: { replicas: 2 },
        status: { readyReplicas: ready },
    });
    const available = { observedGeneration: 1, conditions: conditions(["Available", "True"]) };

    it("is ready with its first ReplicaSet's pods ready and Available", () => {
        const condition = new DeploymentReady(subjectOf(deployment("", {})));
        condition.observe(added(deployment("1", available)));
        expect(condition.ready()).toBe(false);
        condition.observe(added(replicaSet("1", 1)));
        expect(condition.ready()).toBe(false);
        condition.observe(added(replicaSet("1", 2)));
        expect(condition.ready()).toBe(true);
    });

    it("is not ready by what its controller said before the change", () => {
        const condition = new DeploymentReady(subjectOf(deployment("1", available, 2), deployment("1", available)));
        condition.observe(added(replicaSet("1", 2)));
        condition.observe(added(deployment("1", { ...available, observedGeneration: 1 }, 2)));
        expect(condition.ready()).toBe(false);
    });

    it("needs the rollout completed after the first revision", () => {
        const before = deployment("1", available);
        const condition = new DeploymentReady(subjectOf(deployment("1", available, 2), before));
        const rolling = { observedGeneration: 2, conditions: conditions(["Available", "True"], ["Progressing", "True"]) };
        condition.observe(added(replicaSet("2", 2)));
        condition.observe(added(deployment("2", rolling, 2)));
        expect(condition.ready()).toBe(false);
        const done = conditions(["Available", "True"], ["Progressing", "True", "NewReplicaSetAvailable"]);
        condition.observe(added(deployment("2", { observedGeneration: 2, conditions: done }, 2)));
        expect(condition.ready()).toBe(true);
    });

    it("waits for the claims that its pods mount", () => {
        const live = deployment("1", available);
        live["spec"] = { template: { spec: { volumes: [{ persistentVolumeClaim: { claimName: "c" } }] } } };
        const claim = (phase: string): Props => ({
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: "c", uid: "c" },
            status: { phase },
        });
        const condition = new DeploymentReady(subjectOf(live));
        for (const object of [live, replicaSet("1", 2), claim("Pending")]) condition.observe(added(object));
        expect(condition.ready()).toBe(false);
        expect(condition.problems()).toContain('Failed to bind PersistentVolumeClaim(s): "c"');
        condition.observe(added(claim("Bound")));
        expect(condition.ready()).toBe(true);
    });

    it("says what keeps its pods", () => {
        const condition = new DeploymentReady(subjectOf(deployment("1", available)));
        condition.observe(added(deployment("1", { observedGeneration: 1, conditions: [] })));
        condition.observe(added(replicaSet("1", 0)));
        condition.observe(added({
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: "p", namespace: "n", uid: "p", ownerReferences: [{ uid: "r" }] },
            status: {
                conditions: conditions(["PodScheduled", "True"], ["Initialized", "True"], ["Ready", "False"]),
                containerStatuses: [{ name: "c", state: { waiting: { reason: "ImagePullBackOff", message: "no such" } } }],
            },
        }));
        expect(condition.problems()).toEqual([
            "Minimum number of live Pods was not attained",
            "[Pod n/p]: because[ImagePullBackOff] no such",
        ]);
    });
});

describe("a StatefulSet", () => {
    const set = (status: Props, generation = 1): Props => ({
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: { name: "s", namespace: "n", uid: "s", generation },
        spec: { replicas: 1 },
        status,
    });
    const ready = {
        observedGeneration: 1,
        replicas: 1,
        readyReplicas: 1,
        currentReplicas: 1,
        currentRevision: "a",
        updateRevision: "a",
    };

    it("is ready when every replica is ready and current", () => {
        const condition = new StatefulSetReady(subjectOf(set({})));
        expect(condition.ready()).toBe(false);
        condition.observe(added(set(ready)));
        expect(condition.ready()).toBe(true);
    });

    it.each([
        [{ ...ready, readyReplicas: 0 }],
        [{ ...ready, updateRevision: "b" }],
        [{ ...ready, observedGeneration: 0 }],
    ])("is not ready with %j", (status) => {
        const condition = new StatefulSetReady(subjectOf(set({})));
        condition.observe(added(set(status)));
        expect(condition.ready()).toBe(false);
        expect(condition.problems()).not.toEqual([]);
    });
});

describe("a Service", () => {
    beforeEach(() => void vi.useFakeTimers());
    const service = (spec: Props, status: Props = {}): Props => ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "s", namespace: "n", uid: "s" },
        spec,
        status,
    });
    const endpoints = (subset: Props): Props => ({
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name: "s", namespace: "n", uid: "e" },
        subsets: [subset],
    });
    const selecting = { selector: { app: "a" }, clusterIP: "10.0.0.1" };

    it("is ready when its endpoints have settled and none is coming up", () => {
        const condition = new ServiceReady(subjectOf(service(selecting)));
        const changed = vi.fn();
        condition.onChange = changed;
        condition.observe(added(service(selecting)));
        condition.observe(added(endpoints({ addresses: [{}] })));
        expect(condition.ready()).toBe(false);
        vi.advanceTimersByTime(SETTLE_MS);
        expect(changed).toHaveBeenCalledOnce();
        expect(condition.ready()).toBe(true);
        condition.observe(added(endpoints({ notReadyAddresses: [{}] })));
        vi.advanceTimersByTime(SETTLE_MS);
        expect(condition.ready()).toBe(false);
        expect(condition.acceptableAtTimeout()).toBe(false);
    });

    it.each([
        [{ ...selecting, clusterIP: "None" }],
        [{ ...selecting, type: "ExternalName" }],
        [{ clusterIP: "10.0.0.1" }],
    ])("has nothing to wait for as %j", (spec) => {
        const condition = new ServiceReady(subjectOf(service(spec)));
        condition.observe(added(service(spec)));
        expect(condition.ready()).toBe(true);
    });

    it("needs an address as a load balancer", () => {
        const spec = { ...selecting, type: "LoadBalancer" };
        const condition = new ServiceReady(subjectOf(service(spec)), true);
        condition.observe(added(service(spec)));
        expect(condition.ready()).toBe(false);
        condition.observe(added(service(spec, { loadBalancer: { ingress: [{ ip: "1.1.1.1" }] } })));
        expect(condition.ready()).toBe(true);
    });
});

describe("a Job", () => {
    const job = (...pairs: Parameters<typeof conditions>): Props => ({
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "j", namespace: "n", uid: "j" },
        status: { startTime: "now", conditions: conditions(...pairs) },
    });

    it("is ready when complete, and never once it has failed", () => {
        const condition = new JobReady(subjectOf(job()));
        expect(condition.ready()).toBe(false);
        expect(() => condition.observe(added(job(["Failed", "True", "BackoffLimitExceeded"])))).toThrow(/failed to initialize/);
        condition.observe(added(job(["Complete", "True"])));
        expect(condition.ready()).toBe(true);
    });
});

describe("a DaemonSet", () => {
    it("is ready when every node runs an updated, available pod", () => {
        const set = (numberAvailable: number): Props => ({
            apiVersion: "apps/v1",
            kind: "DaemonSet",
            metadata: { name: "d", namespace: "n", uid: "d", generation: 1 },
            status: {
                observedGeneration: 1,
                desiredNumberScheduled: 2,
                currentNumberScheduled: 2,
                updatedNumberScheduled: 2,
                numberReady: 2,
                numberAvailable,
            },
        });
        const condition = new DaemonSetReady(subjectOf(set(0)));
        condition.observe(added(set(1)));
        expect(condition.ready()).toBe(false);
        condition.observe(added(set(2)));
        expect(condition.ready()).toBe(true);
    });
});

describe.each([
    ["apps/v1", "DaemonSet", DaemonSetReady],
    ["batch/v1", "Job", JobReady],
    ["apps/v1", "StatefulSet", StatefulSetReady],
] as const)("the pods of %s %s", (apiVersion, kind, Ready) => {
    const owner = { apiVersion, kind, metadata: { name: "o", namespace: "n", uid: "o" } };
    const crashing = (name: string, uid: string): Props => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: "n", uid: name, ownerReferences: [{ uid }] },
        status: {
            conditions: conditions(["PodScheduled", "True"], ["Initialized", "True"], ["Ready", "False"]),
            containerStatuses: [{ name: "c", state: { waiting: { reason: "CrashLoopBackOff", message: "it crashed" } } }],
        },
    });
    const problem = "[Pod n/p]: because[CrashLoopBackOff] it crashed";

    it("are watched, and what keeps its own from being ready is told until they are gone", () => {
        const subject = subjectOf(owner);
        const status = vi.spyOn(subject.log, "status");
        const condition = new Ready(subject);
        expect(condition.watched.map((watched) => watched.kind)).toEqual([kind, "Pod"]);
        condition.observe(added(crashing("p", "o")));
        condition.observe(added(crashing("q", "another")));
        condition.report();
        expect(status.mock.calls).toEqual([["warning", problem]]);
        expect(condition.problems()).toContain(problem);
        condition.observe({ type: "DELETED", object: crashing("p", "o") });
        expect(condition.problems()).not.toContain(problem);
    });

    it("are not taken for itself", () => {
        const condition = new Ready(subjectOf(owner));
        condition.observe(added(crashing("o", "o")));
        expect(condition.object).toBe(owner);
        const news = { ...owner, spec: {} };
        condition.observe(added(news));
        expect(condition.object).toBe(news);
    });
});

describe("a pod", () => {
    it("is ready when its work is done", () => {
        const status = { phase: "Succeeded", conditions: conditions(["PodScheduled", "True"], ["Initialized", "True"], ["Ready", "False"]) };
        expect(podVerdict({ metadata: { name: "p" }, status }).ready).toBe(true);
    });

    it("is not ready before it is scheduled", () => {
        expect(podVerdict({ metadata: { name: "p" }, status: {} })).toMatchObject({
            ready: false,
            waits: ['Waiting for Pod "p" to be scheduled'],
        });
    });
});
