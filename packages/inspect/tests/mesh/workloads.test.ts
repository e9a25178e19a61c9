import type { CoreV1Event, V1Deployment, V1Job } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { findScope } from "../../src/mesh/scope";
import { checkWorkloads, findWorkloads } from "../../src/mesh/workloads";
import type { ScopeObjects } from "../../src/snapshot/snapshot";
import { emptyScope } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";

const DENIED =
    "pods \"details-v1-5d-\" is forbidden: ValidatingAdmissionPolicy 'no-net-admin' with binding 'no-net-admin' " +
    "denied request: NET_ADMIN is not allowed here.";
const template = { spec: { containers: [] } };

function deployment(replicas: number, pods: number, message?: string, name = "details-v1"): V1Deployment {
    return {
        metadata: { namespace: "shop", name },
        spec: { replicas, selector: {}, template },
        status: {
            replicas: pods,
            conditions: [
                { type: "Available", status: "False", message: "Deployment does not have minimum availability." },
                ...(message === undefined
                    ? []
                    : [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }]),
            ],
        },
    };
}

interface EventOptions {
    kind: string;
    name: string;
    message: string;
    at?: string;
}

const event = ({ kind, name, message, at = "2026-01-02T10:00:00Z" }: EventOptions): CoreV1Event => ({
    metadata: { namespace: "shop", name: `${name}.1` },
    involvedObject: { kind, namespace: "shop", name },
    reason: "FailedCreate",
    message,
    lastTimestamp: new Date(at),
});

function check(deployments: V1Deployment[], objects: Partial<ScopeObjects> = {}, events: CoreV1Event[] = []) {
    const snapshot = { ...mesh(), deployments };
    const workloads = findWorkloads(snapshot, { ...emptyScope, ...objects }, findScope(mesh()));
    return checkWorkloads(workloads, events).map(({ severity, subject, message }) => [severity, subject, message]);
}

describe("a workload", () => {
    it("with the pods that it wants is no finding, nor is one that wants none", () => {
        expect(check([deployment(2, 2), deployment(0, 0)])).toEqual([]);
    });

    it("whose pods a policy denies is named with the API server's sentence", () => {
        expect(check([deployment(1, 0, DENIED)])).toEqual([
            [
                "problem",
                "shop/details-v1",
                `The Deployment shop/details-v1 has 0 of 1 pod, because: ${DENIED.slice(0, -1)}; see: kubectl -n shop ` +
                    "describe deployment details-v1",
            ],
        ]);
    });

    it("whose old pods stand while no new one can be created is one, too", () => {
        expect(check([deployment(2, 2, "exceeded quota: small")])[0]![2]).toContain(
            "The Deployment shop/details-v1 cannot create a new pod, because: exceeded quota: small; see:",
        );
    });

    it("that nobody says anything about is one all the same", () => {
        expect(check([deployment(3, 1)])[0]![2]).toBe(
            "The Deployment shop/details-v1 has 1 of 3 pods, and nobody says why: look whether " +
                "kube-controller-manager runs, and see: kubectl -n shop describe deployment details-v1",
        );
    });

    it("of another namespace than those that are looked at is none", () => {
        const other = deployment(1, 0, DENIED);
        other.metadata!.namespace = "default";
        expect(check([other])).toEqual([]);
    });

    it("that is being deleted is none", () => {
        const going = deployment(1, 0, DENIED);
        going.metadata!.deletionTimestamp = new Date();
        expect(check([going])).toEqual([]);
    });

    it("without a Deployment is a ReplicaSet", () => {
        const { metadata, status } = deployment(1, 0, DENIED);
        const replicaSets = [{ metadata, spec: { replicas: 1, selector: {} }, status: { ...status, replicas: 0 } }];
        expect(check([], { replicaSets })[0]![2]).toContain(
            "The ReplicaSet shop/details-v1 has 0 of 1 pod, because: pods",
        );
    });
});

describe("a workload whose controller tells by Events alone", () => {
    const statefulSets = [
        {
            metadata: { namespace: "shop", name: "loki" },
            spec: { replicas: 3, selector: {}, serviceName: "loki", template },
            status: { replicas: 1, readyReplicas: 1 },
        },
    ];
    const said = (name: string, message: string, kind = "StatefulSet", at?: string) =>
        event({ kind, name, message, at });

    it("is quoted by the last of them", () => {
        const events = [
            said("loki", "the last one", "StatefulSet", "2026-01-02T10:05:00Z"),
            said("loki", "an earlier one"),
            said("other", "another's"),
            said("loki", "a DaemonSet's", "DaemonSet", "2026-01-02T10:09:00Z"),
        ];
        expect(check([], { statefulSets }, events)[0]![2]).toBe(
            "The StatefulSet shop/loki has 1 of 3 pods, because: the last one; see: kubectl -n shop describe " +
                "statefulset loki",
        );
    });

    it("may be a StatefulSet that waits for its first pods, which say why themselves", () => {
        const waiting = statefulSets.map((each) => ({ ...each, status: { replicas: 1, readyReplicas: 0 } }));
        expect(check([], { statefulSets: waiting })).toEqual([]);
        expect(check([], { statefulSets: waiting }, [said("loki", "denied")])).toHaveLength(1);
    });

    it("may be a DaemonSet", () => {
        const status = { desiredNumberScheduled: 3, currentNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
        const daemonSets = [{ metadata: { namespace: "shop", name: "agent" }, status }];
        expect(check([], { daemonSets }, [said("agent", "Error creating: denied", "DaemonSet")])[0]![2]).toContain(
            "The DaemonSet shop/agent has 0 of 3 pods, because: Error creating: denied; see:",
        );
    });

    describe("may be a Job", () => {
        const job = (over: Partial<NonNullable<V1Job["spec"]>>, status: V1Job["status"] = {}): V1Job => ({
            metadata: { namespace: "shop", name: "job" },
            spec: { template, ...over },
            status,
        });
        const failed = [said("job", "Error creating: quota", "Job")];
        const found = (one: V1Job, events = failed) => check([], { jobs: [one] }, events).length;

        it("that can start no pod", () => {
            expect(check([], { jobs: [job({})] }, failed)[0]![2]).toContain(
                "The Job shop/job has 0 of 1 pod, because: Error creating: quota; see:",
            );
        });

        it.each<[string, V1Job, number]>([
            ["that is done", job({}, { succeeded: 1, conditions: [{ type: "Complete", status: "True" }] }), 0],
            ["that has given up", job({}, { conditions: [{ type: "Failed", status: "True" }] }), 0],
            ["that is suspended", job({ suspend: true }), 0],
            ["with its last pods at work", job({ completions: 5, parallelism: 3 }, { succeeded: 4, active: 1 }), 0],
            ["with pods to come", job({ completions: 5, parallelism: 3 }, { succeeded: 1, active: 1 }), 1],
            ["whose work queue is empty", job({ parallelism: 3 }, { succeeded: 1 }), 0],
        ])("%s", (_, one, findings) => {
            expect(found(one)).toBe(findings);
        });

        it("between two tries says nothing", () => {
            expect(found(job({}, { failed: 1 }), [])).toBe(0);
        });
    });
});
