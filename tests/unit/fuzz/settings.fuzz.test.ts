import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { FORMER_KEYS } from "../../../config/formerKeys";
import { LEAVES } from "../../../config/tree";
import { configurationOf } from "../../support/settings";

/* Settings of whatever content are taken, or refused by a line for each that is wrong, which shows no secret. */

const PROJECT = "istio-on-pulumi";
const CANARY = "canary-5f2e";
const PATHS = LEAVES.map(({ path }) => path);
const GROUPS = [...new Set(PATHS.map((path) => path.split(".")[0]!))];

const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
        { depthSize: "small" },
        fc.string({ maxLength: 12 }),
        fc.constantFrom<unknown>(
            null,
            true,
            false,
            0,
            -1,
            1.5,
            30080,
            1e300,
            "",
            "null",
            "{}",
            "[",
            "NodePort",
            "1.25.1",
        ),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(
            fc.oneof(
                fc.constantFrom(...PATHS.map((path) => path.split(".").at(-1)!), "__proto__", "constructor"),
                fc.string({ maxLength: 6 }),
            ),
            tie("value"),
            { maxKeys: 4 },
        ),
    ),
})).value;

function take(values: Readonly<Record<string, string>>): string | undefined {
    try {
        loadSettings(values, PROJECT);
        return undefined;
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).not.toMatch(/undefined|\[object/);
        return error.message;
    }
}

describe("settings", () => {
    it("of any content, at any path, are taken or refused", () => {
        const path = fc.oneof(
            fc.constantFrom(...PATHS, ...GROUPS, ...Object.keys(FORMER_KEYS)),
            fc.string({ minLength: 1, maxLength: 8 }),
        );
        fc.assert(
            fc.property(
                fc.uniqueArray(fc.tuple(path, json), { maxLength: 3, selector: ([key]) => key.split(".")[0] }),
                (values) => {
                    take(configurationOf(Object.fromEntries(values)));
                },
            ),
        );
    });

    it("of any text, at any key, are taken or refused", () => {
        const key = fc
            .oneof(fc.constantFrom(...GROUPS), fc.string({ maxLength: 8 }))
            .map((name) => `${PROJECT}:${name}`);
        fc.assert(
            fc.property(
                fc.dictionary(key, fc.oneof(fc.string(), fc.json()), { maxKeys: 3 }),
                (values) => void take(values),
            ),
        );
    });

    it("that are secret are never shown, whatever is wrong with them", () => {
        const secret = fc.oneof(
            fc.constant(CANARY),
            fc.constant([CANARY]),
            fc.constant({ a: CANARY }),
            fc.constant({ privateKey: { x: CANARY } }),
        );
        const path = fc.constantFrom(
            "inspection",
            "inspection.privateKey",
            "inspectionPrivateKey",
            "inspection.privatekey",
            "inspection.privateKeys",
        );
        fc.assert(
            fc.property(
                path,
                secret,
                (at, value) => void expect(take(configurationOf({ [at]: value })) ?? "").not.toContain(CANARY),
            ),
        );
    });

    it("mean the same as YAML and as the text that pulumi config set makes of it", () => {
        const port = fc.integer({ min: 30_000, max: 32_767 });
        const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
        fc.assert(
            fc.property(
                port,
                name,
                fc.boolean(),
                fc.dictionary(name, json, { maxKeys: 3 }),
                (nodePort, namespace, enabled, values) => {
                    fc.pre(!["hub", "tag", "global", "revision"].some((key) => key in values));
                    const given = {
                        gateway: { nodePort },
                        bookinfo: { namespace: `${namespace}-x` },
                        addons: { loki: { enabled } },
                        istio: { values },
                    };
                    const texts = {
                        ...given,
                        gateway: { nodePort: String(nodePort) },
                        addons: { loki: { enabled: String(enabled) } },
                        istio: { values: JSON.stringify(values) },
                    };
                    const load = (settings: object) =>
                        loadSettings(configurationOf(settings as Record<string, unknown>), PROJECT);
                    expect(load(texts)).toEqual(load(given));
                },
            ),
        );
    });
});
