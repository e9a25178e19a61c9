import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { openCluster, UserError } from "../src";
import { loadContext } from "../src/kubeconfig";

/* A kubeconfig of whatever content is read, or refused by a sentence that holds nothing secret. */

const WAYS = { kubeconfig: "use-kubeconfig <path>", context: "use-context <name>" };
const CANARY = "canary-5f2e";
const secret = fc.constant(CANARY);
const odd = fc.oneof(
    fc.constantFrom(null, true, 0, -1, "", "x", "*a", "&a"),
    fc.constant({}),
    fc.constant([]),
    fc.constant([{ a: [] }]),
    fc.double(),
);
const name = fc.constantFrom("a", "b", "");
/** A field as it should be, often left out, and now and then something else. */
const field = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 6, arbitrary }, { weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: odd });

const cluster = fc.record({
    server: field(
        fc.oneof(
            fc.constantFrom(
                "http://127.0.0.1:1",
                "127.0.0.1:1",
                "https://[::1]:1/x",
                "ftp://x",
                `http://u:${CANARY}@127.0.0.1:1`,
            ),
            fc.string(),
        ),
    ),
    "certificate-authority": field(fc.constantFrom("/none", "none")),
    "certificate-authority-data": field(fc.base64String()),
    "insecure-skip-tls-verify": field(fc.boolean()),
    "tls-server-name": field(fc.string()),
    "proxy-url": field(fc.constantFrom(`http://u:${CANARY}@127.0.0.1:1`, `nonsense ${CANARY}`, "socks5://127.0.0.1:1")),
});
const user = fc.record({
    token: field(fc.oneof(secret, fc.string())),
    tokenFile: field(fc.constant("/none")),
    username: field(fc.string()),
    password: field(secret),
    "client-certificate-data": field(fc.oneof(fc.base64String(), secret)),
    "client-key-data": field(secret),
    as: field(fc.string()),
    "as-groups": field(fc.array(fc.string(), { maxLength: 2 })),
    "as-user-extra": field(fc.dictionary(fc.string(), fc.array(fc.string(), { maxLength: 2 }), { maxKeys: 2 })),
    exec: field(
        fc.record({
            apiVersion: field(fc.constant("client.authentication.k8s.io/v1")),
            command: field(fc.constantFrom("true", "no-such-command-of-anybody")),
            args: field(fc.array(secret, { maxLength: 1 })),
            env: field(fc.array(fc.record({ name: fc.constant("A"), value: secret }), { maxLength: 1 })),
        }),
    ),
    "auth-provider": field(
        fc.record({
            name: field(fc.constantFrom("oidc", "gcp")),
            config: field(fc.dictionary(fc.constantFrom("id-token", "x"), secret)),
        }),
    ),
});
const named = <T>(key: string, content: fc.Arbitrary<T>) =>
    field(fc.array(field(fc.record({ name: field(name), [key]: field(content) })), { maxLength: 2 }));
const kubeconfig = fc.record({
    apiVersion: fc.constant("v1"),
    clusters: named("cluster", cluster),
    users: named("user", user),
    contexts: named("context", fc.record({ cluster: field(name), user: field(name) })),
    "current-context": field(name),
});

/** Refused by a sentence that tells nothing secret; what else it is thrown is a bug. */
function expectSentence(error: unknown): void {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.toContain(CANARY);
    expect(error.message).not.toContain(Buffer.from(CANARY).toString("base64"));
    expect(error.message).not.toContain("undefined");
}

describe("a kubeconfig", () => {
    it("of any fields leads to a cluster, or is refused", () => {
        fc.assert(
            fc.property(kubeconfig, fc.boolean(), (config, isJson) => {
                const text = isJson ? JSON.stringify(config, undefined, 1) : stringify(config);
                try {
                    loadContext({ kubeconfig: text }, WAYS);
                } catch (error) {
                    expectSentence(error);
                }
            }),
        );
    });

    it("of any fields asks a cluster, or is refused", async () => {
        const asking = { ways: WAYS, rights: "read", timeLimit: 1_000 };
        // Each asks a port that nobody listens at, or runs a command: fewer than of what is only read.
        await fc.assert(
            fc.asyncProperty(kubeconfig, async (config) => {
                const asked = openCluster({ kubeconfig: stringify(config) }, asking).then((client) =>
                    client.get("/version"),
                );
                await asked.then(
                    () => expect.unreachable(),
                    (error: unknown) => expectSentence(error),
                );
            }),
            { numRuns: Math.min(fc.readConfigureGlobal().numRuns ?? 50, 300) },
        );
    });

    it("of any text is refused", () => {
        const text = fc.oneof(
            fc.string({ unit: "binary", maxLength: 60 }),
            fc.constantFrom("&a [*a, *a]", "a: *b", "!!js/function x", "<<: 1", "? a\n: b", "- \n-"),
        );
        fc.assert(
            fc.property(text, (given) => {
                try {
                    loadContext({ kubeconfig: `apiVersion: v1\n${given}\n#${CANARY}` }, WAYS);
                } catch (error) {
                    expectSentence(error);
                    return;
                }
                expect.unreachable();
            }),
        );
    });

    it("that was written is read back", () => {
        fc.assert(
            fc.property(
                fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
                fc.string({ unit: "grapheme" }),
                (called, token) => {
                    const text = stringify({
                        clusters: [{ name: called, cluster: { server: "https://x" } }],
                        users: [{ name: called, user: { token } }],
                        contexts: [{ name: called, context: { cluster: called, user: called } }],
                        "current-context": called,
                    });
                    const found = loadContext({ kubeconfig: text }, WAYS);
                    expect([found.name, found.user.token]).toEqual([called, token]);
                },
            ),
        );
    });
});
