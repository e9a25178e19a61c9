import { describe, expect, it } from "vitest";
import { changesOf } from "../../../report/changes";
import type { Kind } from "../../../report/model";
import { reportOf } from "../../../report/report";
import { changesIn, eventsOf, named, reportIn, same, workload } from "../../support/engine-events";

const DEPLOYMENT = "apps/v1:Deployment";
const GATEWAY = "gateway.networking.k8s.io/v1:Gateway";
const update = {
    type: DEPLOYMENT,
    before: workload("productpage", "r:1.1.0"),
    after: workload("productpage", "r:1.2.0"),
};
const port = (nodePort: number) =>
    named("gate-istio", {
        metadata: { labels: { "gateway.networking.k8s.io/gateway-name": "gate" } },
        spec: {
            ports: [
                { port: 15021, nodePort: 31000 },
                { port: 80, nodePort },
            ],
        },
    });
const gateway = [
    same(GATEWAY, named("gate")),
    { ...same("core/v1:Service", named("gate-istio")), op: "read", state: port(30080) },
];

describe("the headline", () => {
    it("says what an update does, and what stays", () => {
        const report = reportIn([update, ...gateway]);
        expect(report.headline).toBe("restarts productpage; no object is deleted; the gateway keeps port 30080");
        expect(report.counts).toEqual({ created: 0, updated: 1, replaced: 0, deleted: 0, unchanged: 2 });
        expect(report.level).toBe("caution");
    });

    it("does not promise a port that the update moves", () => {
        const patch = {
            type: "core/v1:ServicePatch",
            after: named("gate-istio", { spec: { ports: [{ port: 80, nodePort: 30090 }] } }),
        };
        expect(reportIn([...gateway, patch]).headline).toBe(
            "moves gate-istio to node port 30090; restarts nothing; no object is deleted",
        );
    });

    it("names few deletions, and counts many", () => {
        const gone = (name: string) => ({ type: "core/v1:ConfigMap", before: named(name) });
        expect(reportIn([gone("a")]).headline).toBe("restarts nothing; deletes ConfigMap shop/a");
        expect(reportIn(["a", "b", "c", "d"].map(gone)).headline).toBe("restarts nothing; deletes 4 objects");
        expect(reportIn([{ ...gone("a"), stays: true }]).headline).toBe("restarts nothing; no object is deleted");
    });

    it("says that nothing changes, or why it was refused", () => {
        expect(reportIn(gateway)).toMatchObject({ headline: "changes nothing", level: "none" });
        const refused = reportOf(
            changesIn([update], "preview", { failure: "error: The token=hunter2 cannot be used; name another" }),
        );
        expect(refused.headline).toBe("refused: The token=[secret] cannot be used");
        expect(refused).not.toHaveProperty("digest");
        const words = (failure: string) =>
            reportOf(changesIn([], "preview", { failure: `error: ${failure}` })).headline;
        expect(words("It is not reached (https://a.b:6443). Name another.")).toBe(
            "refused: It is not reached (https://a.b:6443)",
        );
        expect(words("One sentence, no advice.")).toBe("refused: One sentence, no advice");
        const failed = (kind: Kind) => reportOf(changesIn([update], kind, { failure: "error: no" })).headline;
        expect(failed("up")).toBe("failed, after 1 change: no");
        expect(failed("drift")).toMatch(/^cannot be told: no/);
    });

    it("of what happened tells what was done, and not what was begun", () => {
        const [done] = eventsOf([update], "up");
        const [begun] = eventsOf([{ type: "core/v1:ConfigMap", after: named("c") }], "preview");
        const report = reportOf(
            changesOf({ kind: "up", stack: "dev", events: [begun!, done!], autoscaled: [], failure: "error: no" }),
        );
        expect(report.counts).toMatchObject({ created: 0, updated: 1 });
    });
});

describe("the changes", () => {
    it("have the fields and a patch with three lines around, the most dangerous first", () => {
        const namespace = { type: "core/v1:Namespace", before: named("gone", {}, "") };
        const { changes } = reportIn([update, namespace, { type: "core/v1:ConfigMap", after: named("new") }]);
        expect(changes.map(({ title, level }) => [title, level])).toEqual([
            ["Namespace gone", "danger"],
            ["Deployment shop/productpage", "caution"],
            ["ConfigMap shop/new", "none"],
        ]);
        expect(changes[1]).toMatchObject({
            verb: "update",
            fields: ["spec.template.spec.containers[0].image"],
            patch: "@@ -5,5 +5,5 @@\n   template:\n     spec:\n       containers:\n-        - image: r:1.1.0\n+        - image: r:1.2.0\n           name: app\n",
        });
    });

    it("tell of a secret that is another one, where the engine hides both", () => {
        const hidden = {
            type: "core/v1:ConfigMap",
            before: named("c", { data: { a: "[secret]" } }),
            after: named("c", { data: { a: "[secret]" } }),
            differs: ["data.a"],
        };
        expect(reportIn([hidden]).changes[0]).toMatchObject({
            fields: ["data.a"],
            patch: "data.a: [secret, changed]\n",
        });
    });

    it("hold no secret anywhere", () => {
        const secret = (value: string) => named("s", { data: { key: value }, stringData: { x: value } });
        const report = reportIn([
            { type: "core/v1:Secret", before: secret("hunter1"), after: secret("hunter2") },
            { type: "core/v1:Secret", name: "other", after: secret("hunter3") },
            {
                type: ":command:local:Command",
                name: "c",
                before: { environment: { KEY: "hunter4" } },
                after: { environment: { KEY: "hunter5" } },
            },
        ]);
        expect(JSON.stringify(report)).not.toContain("hunter");
        const pulled = (password: string) => workload("a", `https://me:${password}@host/r:1`);
        const renamed = { type: DEPLOYMENT, before: pulled("hunter1"), after: pulled("hunter2") };
        expect(JSON.stringify(reportIn([renamed]))).not.toContain("hunter");
        expect(report.changes[0]!.fields).not.toEqual([]);
    });
});

describe("the digest", () => {
    const other = {
        type: "core/v1:ConfigMap",
        before: named("c", { data: { a: "1" } }),
        after: named("c", { data: { a: "2" } }),
    };

    it("is the same whatever the order of the events and of the keys, and whenever it is made", () => {
        const gone = ["a", "b"].map((name) => ({ type: "core/v1:ConfigMap", before: named(name) }));
        expect(reportIn(gone).digest).toBe(reportIn(gone.toReversed()).digest);
        const turned = { ...other, after: { data: { a: "2" }, metadata: { namespace: "shop", name: "c" } } };
        expect(reportIn([turned, update]).digest).toBe(reportIn([update, other]).digest);
        expect(reportIn([update, { ...other, state: { status: { at: "now" } } }, ...gateway]).digest).toBe(
            reportIn([update, other]).digest,
        );
    });

    it("is another where anything else would happen", () => {
        const digests = [
            [],
            [update],
            [other],
            [update, other],
            [{ ...update, after: workload("productpage", "r:1.3.0") }],
            [{ ...other, after: undefined }],
            [{ ...other, before: undefined }],
            [{ ...other, op: "replace", keys: ["data"] }],
            [{ ...other, before: named("c", { data: { a: "0" } }) }],
        ].map((steps) => reportIn(steps).digest);
        expect(new Set(digests).size).toBe(digests.length);
    });
});
