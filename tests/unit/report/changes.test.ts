import { describe, expect, it } from "vitest";
import { changesOf } from "../../../report/changes";
import { complaintIn } from "../../../report/cliOutput";
import { changesIn, eventsOf, named, STACK } from "../../support/engine-events";

const SECRET_MARK = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" };

describe("changesOf", () => {
    it("says what happens to each resource, and names objects by kind, namespace and name", () => {
        const { resources, components } = changesIn([
            { op: "same", type: "core/v1:Service", before: named("a"), after: named("a") },
            { op: "read", type: "core/v1:Service", before: named("read"), after: named("read") },
            { type: "core/v1:Namespace", before: named("n", {}, ""), after: named("n", { a: 1 }, "") },
            { type: "core/v1:ConfigMap", after: named("c") },
            { type: "core/v1:Secret", before: named("s"), stays: true },
            { type: ":command:local:Command", name: "guard", before: { create: "a" }, after: { create: "b" } },
            { type: ":istio-on-pulumi:index:Addons", name: "addons", before: {}, after: {}, isComponent: true },
            { type: ":pulumi:pulumi:Stack", name: "stack", before: {}, after: {}, isComponent: true },
        ]);
        expect(resources.map(({ title, verb, stays }) => [title, verb, stays])).toEqual([
            ["Service shop/a", "keep", false],
            ["Service shop/read", "keep", false],
            ["Namespace n", "update", false],
            ["ConfigMap shop/c", "create", false],
            ["Secret shop/s", "delete", true],
            ["Command guard", "update", false],
        ]);
        expect(components.map(({ title }) => title)).toEqual(["Addons addons"]);
    });

    it("takes the steps of a replacement for one, under the name that goes, with its reason and order", () => {
        const common = {
            type: "core/v1:Service",
            name: "res",
            before: named("old"),
            after: named("new"),
            keys: ["metadata.name"],
        };
        const order = (...ops: string[]) => changesIn(ops.map((op) => ({ ...common, op }))).resources;
        const [first, ...others] = order("create-replacement", "replace", "delete-replaced");
        expect(others).toEqual([]);
        expect(first).toMatchObject({
            verb: "replace",
            title: "Service shop/old",
            because: ["metadata.name"],
            goesFirst: false,
        });
        expect(order("delete-replaced", "replace", "create-replacement")[0]).toMatchObject({ goesFirst: true });
    });

    it("knows what is unknown, what is secret, and what the engine hides", () => {
        const [resource] = changesIn([
            {
                type: "core/v1:ConfigMap",
                before: named("c", { data: { "a.yaml": "[secret]", b: "[secret]" }, __internal: 1 }),
                after: named("c", {
                    data: { "a.yaml": "[secret]", b: "[secret]", token: SECRET_MARK },
                    later: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
                }),
                differs: ['data["a.yaml"]', "data.token"],
            },
        ]).resources;
        expect(resource!.after).toMatchObject({ data: { token: "[secret]" }, later: "(known after the update)" });
        expect(resource!.before).not.toHaveProperty("__internal");
        expect(resource!.hidden).toEqual(['data["a.yaml"]']);
    });

    it("leaves out what istiod writes into webhooks", () => {
        const webhook = (caBundle?: string) =>
            named("w", { webhooks: [{ name: "x", clientConfig: { caBundle } }] }, "");
        const [resource] = changesIn([
            {
                type: "admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
                before: webhook("QUJD"),
                after: webhook(),
            },
        ]).resources;
        expect(resource!.before).toEqual(resource!.after);
    });

    it("carries the words of a refusal, once, and not what the engine says after them", () => {
        const said = (message: string, severity = "error") => ({
            sequence: 0,
            timestamp: 0,
            diagnosticEvent: { message, severity: severity as "error", color: "never" },
        });
        const events = [
            ...eventsOf([]),
            said("<{%reset%}>The class cannot be changed; keep it<{%reset%}>\n"),
            said("The class cannot be changed; keep it\n"),
            said("using a plugin from $PATH", "warning"),
            said(
                "Preview failed: unreachable cluster. If the cluster was deleted, you can remove this resource from Pulumi state by",
            ),
            said("preview failed"),
        ];
        const { refusals } = changesOf({ kind: "preview", stack: STACK, events, autoscaled: [], failure: "code: 255" });
        expect(refusals).toEqual(["The class cannot be changed; keep it", "Preview failed: unreachable cluster."]);
        expect(changesOf({ kind: "preview", stack: STACK, events, autoscaled: [] }).refusals).toEqual([]);
    });

    it("finds the complaint in all that the CLI has printed, where the engine said nothing", () => {
        const printed =
            "code: 255\n stdout: \n stderr: Command failed: pulumi preview\nerror: no stack named 'x' found\n";
        expect(complaintIn(printed)).toBe("no stack named 'x' found");
        expect(complaintIn("gone\n")).toBe("gone");
    });
});
