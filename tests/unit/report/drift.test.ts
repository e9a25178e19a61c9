import { describe, expect, it } from "vitest";
import type { Fields } from "../../../report/model";
import { changesIn, named, reportIn, type Step } from "../../support/engine-events";

const at = (time: string) => `2026-11-30T${time}Z`;
const writer = (manager: string, fieldsV1: object, more: object = {}) => ({
    manager,
    operation: "Update",
    time: at("10:00:00"),
    fieldsV1,
    ...more,
});

interface Sides {
    readonly inputs?: object;
    readonly was: object;
    readonly is: object;
    readonly writers?: readonly object[];
}

/** What a refresh finds of an object: what the program asked for, what there was, and what there is, by whom. */
function found({ inputs, was, is, writers = [] }: Sides, type = "apps/v1:Deployment"): Step {
    const live = (rest: object) =>
        named("app", {
            ...rest,
            metadata: { uid: "1", resourceVersion: String(Math.random()), managedFields: writers },
        });
    const own = named("app", (inputs ?? was) as Fields);
    return { op: "refresh", type, before: own, after: own, state: live(was), live: live(is) };
}

const sentences = (...steps: Step[]) => reportIn(steps, "drift").risks.map(({ sentence }) => sentence);

describe("drift", () => {
    it("names object, field, and who wrote it when", () => {
        const scaled = found({
            inputs: {},
            was: { spec: { replicas: 1 } },
            is: { spec: { replicas: 3 } },
            writers: [writer("kubectl", { "f:spec": { "f:replicas": {} } }, { subresource: "scale" })],
        });
        expect(sentences(scaled)).toEqual([
            "Deployment shop/app: spec.replicas is 3, not 1, written by kubectl at 2026-11-30T10:00:00Z.",
        ]);
        expect(reportIn([scaled], "drift").changes[0]).toMatchObject({
            fields: ["spec.replicas"],
            writers: [{ field: "spec.replicas", manager: "kubectl", time: at("10:00:00") }],
            patch: expect.stringContaining("-  replicas: 1\n+  replicas: 3\n") as string,
        });
    });

    it("finds the writer of an element of a list", () => {
        const spec = (image: string) => ({ spec: { containers: [{ name: "a" }, { name: "b", image }] } });
        const key = { "f:spec": { "f:containers": { 'k:{"name":"b"}': { "f:image": {} } } } };
        expect(sentences(found({ was: spec("x:1"), is: spec("x:2"), writers: [writer("someone", key)] }))).toEqual([
            'Deployment shop/app: spec.containers[1].image is "x:2", not "x:1", written by someone at 2026-11-30T10:00:00Z.',
        ]);
    });

    it("is silent on what controllers and istiod write, on status, and on an autoscaler's scale", () => {
        const replicas = { was: { spec: { replicas: 1 } }, is: { spec: { replicas: 3 } } };
        const field = { "f:spec": { "f:replicas": {} } };
        expect(
            sentences(
                found({
                    inputs: {},
                    ...replicas,
                    writers: [writer("kube-controller-manager", field, { subresource: "scale" })],
                }),
            ),
        ).toEqual([]);
        const unrecorded = found({ inputs: {}, ...replicas });
        expect(sentences(unrecorded)).toEqual(["Deployment shop/app: spec.replicas is 3, not 1."]);
        const { resources } = changesIn([unrecorded], "drift", { autoscaled: ["Deployment shop/app"] });
        expect(resources[0]!.verb).toBe("keep");
        const policy = (failurePolicy: string) => ({
            webhooks: [{ name: "w", failurePolicy, clientConfig: { caBundle: failurePolicy } }],
        });
        const webhooks = { "f:webhooks": { 'k:{"name":"w"}': { "f:failurePolicy": {} } } };
        expect(
            sentences(
                found({ was: policy("Ignore"), is: policy("Fail"), writers: [writer("pilot-discovery", webhooks)] }),
            ),
        ).toEqual([]);
        expect(sentences(found({ was: { status: { a: 1 } }, is: { status: { a: 2 } } }))).toEqual([]);
    });

    it("is silent on a restart, on what nobody claims, and on what is made for bookkeeping", () => {
        const restarted = (when: string) => ({
            spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": when } } } },
        });
        const all = { "f:spec": {} };
        expect(
            sentences(
                found({
                    inputs: {},
                    was: restarted("a"),
                    is: restarted("b"),
                    writers: [writer("kubectl-rollout", all)],
                }),
            ),
        ).toEqual([]);
        expect(sentences(found({ inputs: {}, was: {}, is: { spec: { newDefault: true } } }))).toEqual([]);
    });

    it("tells of a field that the program asked for and that is gone, by whoever wrote since", () => {
        const [was, is] = [{ data: { a: "1", b: "2" } }, { data: { a: "1" } }];
        const step = found(
            {
                was,
                is,
                writers: [
                    writer("kubectl-edit", { "f:data": { "f:a": {} } }),
                    writer("kube-controller-manager", {}),
                    writer("someone", {}, { subresource: "status" }),
                ],
            },
            "core/v1:ConfigMap",
        );
        const before = { ...step, state: named("app", { ...was, metadata: { uid: "1", managedFields: [] } }) };
        expect(sentences(before)).toEqual([
            'ConfigMap shop/app: data.b is absent, not "2", written by kubectl-edit at 2026-11-30T10:00:00Z.',
        ]);
        expect(sentences(found({ was, is }, "core/v1:ConfigMap"))).toEqual([
            'ConfigMap shop/app: data.b is absent, not "2".',
        ]);
    });

    it("tells of an object that is gone", () => {
        const there = found({ was: {}, is: {} });
        const gone = { ...found({ was: {}, is: {} }, "core/v1:Service"), op: "delete", after: undefined };
        const report = reportIn([there, gone], "drift");
        expect(report.headline).toBe("Service shop/app is gone");
        expect(report.counts).toMatchObject({ deleted: 1, unchanged: 1 });
    });

    it("cannot be told where none of the objects is the one that it was", () => {
        const gone = { ...found({ was: {}, is: {} }), op: "delete", after: undefined };
        const other = {
            ...found({ was: {}, is: {} }, "core/v1:Service"),
            live: named("app", { metadata: { uid: "2" } }),
        };
        expect(changesIn([gone, other], "drift").refusals).toEqual([
            expect.stringMatching(/^None of the 2 objects of this stack is in the cluster: it is another cluster/),
        ]);
        expect(changesIn([gone, found({ was: {}, is: {} })], "drift").refusals).toEqual([]);
        expect(changesIn([], "drift").refusals).toEqual([]);
    });

    it("says that nothing differs", () => {
        expect(reportIn([found({ was: { a: 1 }, is: { a: 1 } })], "drift").headline).toBe("nothing differs");
    });

    it("hides what is secret", () => {
        const step = found({ was: { data: { password: "old" } }, is: { data: { password: "new" } } }, "core/v1:Secret");
        expect(JSON.stringify(reportIn([step], "drift"))).not.toMatch(/old|"new/);
        expect(sentences(step)[0]).toContain("[secret, changed]");
    });
});
