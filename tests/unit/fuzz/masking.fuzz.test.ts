import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { masked, maskedPair, maskedText } from "../../../report/masking";

/* Whatever an object holds, nothing that is secret by its name, its place or its form is shown. */

const CANARY = "canary5f2e77";
const word = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,8}$/);
const secretName = fc.constantFrom(
    "password",
    "adminPassword",
    "DB_PASSWORD",
    "token",
    "apiToken",
    "client_secret",
    "clientSecret",
    "api-key",
    "signing_key",
    "private-key",
    "passphrase",
    "accessKey",
    "credential",
    "kube.key",
    "tls.pem",
);
/** A text that is secret by its form. */
const secretText = fc.constantFrom(
    `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`,
    `https://me:${CANARY}@host/x`,
    `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${CANARY}`,
    `Authorization: Bearer ${CANARY}`,
    `apiVersion: v1\nkind: Config\nusers:\n- name: ${CANARY}\n`,
    `--admin-password=${CANARY}`,
    `export API_TOKEN=${CANARY}`,
);
/** Texts that are YAML in a way that few expect. */
const oddText = fc.constantFrom(
    "a: *b\n",
    "a: &a [*a]\n",
    "{",
    "- \n-\n",
    "? {a: b}\n: c\n",
    "!!binary x\n",
    "a: &x [1]\nb: [*x, *x]\n",
);
const plain = fc.oneof(word, oddText, fc.integer(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 10 }));
/** A field that is secret, in each of the ways in which one may stand there. */
const secretField: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
    fc
        .tuple(secretName, fc.constantFrom<unknown>(CANARY, [CANARY, "x"], [[CANARY]]))
        .map(([key, value]) => ({ [key]: value })),
    fc.tuple(word, secretText).map(([key, value]) => ({ [key]: value })),
    secretName.map((name) => ({ env: [{ name, value: CANARY }] })),
    fc.constant({ args: ["--token", CANARY] }),
    fc
        .tuple(word, secretName, fc.constantFrom(stringify, JSON.stringify))
        .map(([key, name, write]) => ({ [key]: write({ a: { [name]: CANARY } }) + "\n" })),
);
const { object } = fc.letrec<{ object: Record<string, unknown>; value: unknown }>((tie) => ({
    value: fc.oneof({ depthSize: "small" }, plain, fc.array(tie("value"), { maxLength: 3 }), tie("object")),
    object: fc
        .tuple(fc.dictionary(word, tie("value"), { maxKeys: 3 }), secretField)
        .map(([some, secret]) => ({ ...some, ...secret })),
}));
const type = fc.constantFrom(
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:core/v1:Secret",
    "kubernetes:apps/v1:Deployment",
    "command:local:Command",
    "pulumi:providers:kubernetes",
);

describe("masking", () => {
    it("lets no secret through, wherever it stands", () => {
        fc.assert(
            fc.property(
                object,
                type,
                (given, of) => void expect(JSON.stringify(masked(given, of))).not.toContain(CANARY),
            ),
        );
    });

    it("lets none through in a change, on neither side", () => {
        fc.assert(
            fc.property(
                fc.option(object, { nil: undefined }),
                fc.option(object, { nil: undefined }),
                type,
                (before, after, of) => {
                    expect(JSON.stringify(maskedPair(before, after, of))).not.toContain(CANARY);
                },
            ),
        );
    });

    it("lets none through in a message", () => {
        const around = fc.string({ maxLength: 12 }).filter((text) => !/[\w"'=:-]$|^[\w]/.test(text));
        fc.assert(
            fc.property(
                around,
                secretText.filter((text) => !text.includes("kind: Config")),
                around,
                (before, secret, after) =>
                    void expect(maskedText(`${before} ${secret} ${after}`)).not.toContain(CANARY),
            ),
        );
    });

    it("keeps keys, and an object of any content", () => {
        fc.assert(
            fc.property(fc.dictionary(word, fc.anything({ maxDepth: 3 }), { maxKeys: 4 }), type, (given, of) => {
                expect(Object.keys(masked(given, of)!)).toEqual(Object.keys(given));
            }),
        );
    });

    it("of what is masked changes nothing any more", () => {
        fc.assert(
            fc.property(
                object,
                type,
                (given, of) => void expect(masked(masked(given, of), of)).toEqual(masked(given, of)),
            ),
        );
    });
});
