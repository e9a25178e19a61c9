import { describe, expect, it } from "vitest";
import type { Subject } from "../../../../lab/plugins/kubernetes/await/condition";
import { CustomReady } from "../../../../lab/plugins/kubernetes/await/custom";
import { parseJsonPath } from "../../../../lab/plugins/kubernetes/await/jsonpath";
import { Engine, ResourceLog } from "../../../../lab/plugins/rpc/engine";
import type { Props } from "../../../../lab/plugins/rpc/values";

function subjectOf(live: Props, last?: Props): Subject {
    return { urn: "urn", inputs: live, live, last, timeout: 0, log: new ResourceLog(new Engine(undefined), "urn") };
}

function added(object: Props): { type: "ADDED"; object: Props } {
    return { type: "ADDED", object };
}

describe("what pulumi.com/waitFor asks for", () => {
    const gateway = (generation: number, ...items: Props[]): Props => ({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: { name: "g", namespace: "n", uid: "g", generation },
        status: { conditions: items },
    });
    const verdict = (expression: string, object: Props): boolean => {
        const condition = new CustomReady(subjectOf(gateway(1)), expression);
        condition.observe(added(object));
        return condition.ready();
    };

    it("is met by a condition of the object's own generation", () => {
        const programmed = { type: "Programmed", status: "True", observedGeneration: 1 };
        expect(verdict("condition=Programmed", gateway(1, programmed))).toBe(true);
        expect(verdict("condition=programmed=true", gateway(1, programmed))).toBe(true);
        expect(verdict("condition=Programmed", gateway(2, programmed))).toBe(false);
        expect(verdict("condition=Programmed=False", gateway(1, programmed))).toBe(false);
        expect(verdict("condition=Accepted", gateway(1, programmed))).toBe(false);
    });

    it("must all be met", () => {
        const programmed = { type: "Programmed", status: "True" };
        const both = '["condition=Programmed", "jsonpath={.metadata.name}=h"]';
        expect(verdict(both, gateway(1, programmed))).toBe(false);
        expect(verdict(both.replace("=h", "=g"), gateway(1, programmed))).toBe(true);
    });

    it("must be one of two things", () => {
        expect(() => verdict("delete", gateway(1))).toThrow(/expected a "jsonpath=" or "condition=" prefix, got "delete"/);
    });
});

describe("JSONPaths", () => {
    const object = {
        status: { phase: "Running", replicas: 2, conditions: [{ type: "A", status: "False" }, { type: "B", status: "True" }] },
        metadata: { annotations: { "a.b/c": "x" } },
    };

    it.each([
        ["{.status.phase}=Running", true],
        ["{.status.phase}=Pending", false],
        ["{.status.replicas}=2", true],
        ["{.status.conditions[1].status}=True", true],
        ["{.status.conditions[-1].type}=B", true],
        ['{.status.conditions[?(@.type=="A")].status}=False', true],
        ["{.status.conditions[?(@.type=='C')].status}", false],
        ["{$.status.conditions[*].type}=A", true],
        ["{.metadata.annotations['a.b/c']}=x", true],
        ["{.status.conditions}", true],
        ["{.status.nothing}", false],
    ])("%s: %s", (expression, matched) => {
        expect(parseJsonPath(expression).matches(object).matched).toBe(matched);
    });

    it.each([
        [".status.phase", /wrapped in brackets/],
        ["'{.status.phase}'", /omit shell quotes/],
        ["{.status.phase}=", /requires a value/],
        ["{.status[}", /not understood/],
        ["{}", /not understood/],
    ])("%s is refused", (expression, message) => {
        expect(() => parseJsonPath(expression)).toThrow(message);
    });
});
