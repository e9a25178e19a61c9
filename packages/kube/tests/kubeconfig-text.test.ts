import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isKubeconfigText } from "../src";
import { temporaryDirectory, writeKubeconfig } from "../testing";
import { kubeconfigOf, open, serve } from "./support/https";
import { data } from "./support/pki";

const SECRET = "do-not-show-me";

describe("the text of a kubeconfig", () => {
    it.each([
        ["YAML", (text: string) => text],
        ["JSON", (text: string) => JSON.stringify(parse(text))],
        ["indented YAML with lines of Windows", (text: string) => `---\n${text}`.replaceAll("\n", "\r\n")],
    ])("takes the place of a path: %s", async (_, form) => {
        const { url } = await serve();
        const text = form(kubeconfigOf({ server: url }, { token: SECRET }));
        expect(isKubeconfigText(text)).toBe(true);
        expect(await (await open(text)).get("/version")).toMatchObject({ authorization: `Bearer ${SECRET}` });
    });

    it("may hold null for what is left out, as the clouds' tools write it", async () => {
        const { url } = await serve();
        const exec = {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "echo",
            args: [
                `{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}}`,
            ],
            env: null,
            interactiveMode: null,
            installHint: null,
        };
        const cluster = { server: url, extensions: null, "proxy-url": null };
        const text = kubeconfigOf(cluster, { exec, token: null, "as-groups": null, "auth-provider": null });
        expect(await (await open(text)).get("/version")).toMatchObject({ authorization: "Bearer t" });
        await expect(open(kubeconfigOf({ server: url }, { exec: { args: null } }))).resolves.toBeDefined();
    });

    it("is the first of several documents, as for kubectl", async () => {
        const text = `${kubeconfigOf({ server: "http://one" })}---\n${kubeconfigOf({ server: "http://two" })}`;
        expect((await open(text)).server).toBe("http://one");
    });

    it.each(["~/.kube/config", "./kubeconfig", "kind", "C:\\kube\\config", "/clusters: mine/config"])(
        "is not the path %s",
        (path) => expect(isKubeconfigText(path)).toBe(false),
    );
});

describe("no error shows what a kubeconfig holds", () => {
    const good = kubeconfigOf({ server: "https://127.0.0.1:1" }, { token: SECRET, "client-key-data": data(SECRET) });
    const broken: [string, string][] = [
        ["with a broken line", good.replace("users:", "users: [")],
        ["with a tab", good.replace("  user:", "\tuser:")],
        ["with an alias of nobody", good.replace(`token: ${SECRET}`, `token: *${SECRET}`)],
        ["with a token that is a number", good.replace(`token: ${SECRET}`, "token: 987654321")],
        ["with a token that is a list", good.replace(`token: ${SECRET}`, `token: [${SECRET}]`)],
        ["with arguments that are no list", good.replace(`token: ${SECRET}`, `exec: { args: ${SECRET} }`)],
        ["with users that are no list", `users: ${SECRET}\ncontexts: []\n`],
        ["that is a list", `[${SECRET}]`],
        ["that is a broken document of JSON", `{"users": "${SECRET}"`],
        ["without contexts", `users:\n- name: me\n  user: {token: ${SECRET}}\n`],
        [
            "with a current context that it does not hold",
            good.replace("current-context: prod", "current-context: other"),
        ],
    ];

    it.each(broken)("as text, %s", async (_, text) => {
        const failure = open(text);
        await expect(failure).rejects.toThrow(/^(The|There is no) kubeconfig (at |)that is given as text/);
        await expect(failure).rejects.not.toThrow(/do-not-show|987654321|users:/);
    });

    it.each(broken)("as a file, %s", async (_, text) => {
        const failure = open(writeKubeconfig(text));
        await expect(failure).rejects.toThrow(/kubeconfig (at )?\/.*with: use-/);
        await expect(failure).rejects.not.toThrow(/do-not-show|987654321/);
    });

    it("with a broken token", async () => {
        const cluster = await open(kubeconfigOf({ server: "http://127.0.0.1:1" }, { token: `${SECRET}\n${SECRET}` }));
        const failure = cluster.get("/version");
        await expect(failure).rejects.toThrow("cannot be reached: invalid authorization header; check");
    });

    it("encoded, as systems of CI keep it", async () => {
        const encoded = data(good);
        const failure = open(encoded);
        await expect(failure).rejects.toThrow(
            `The kubeconfig, a value of ${encoded.length} characters, is neither the path of a file that can be read nor ` +
                "a kubeconfig's text (YAML or JSON); name another with: use-kubeconfig <path>",
        );
    });

    it("names the place of what is broken", async () => {
        const file = join(temporaryDirectory(), "kc");
        writeFileSync(file, good.replace(`token: ${SECRET}`, "token: 12"));
        await expect(open(file)).rejects.toThrow(
            `The kubeconfig ${file} cannot be read (users[0].user.token is no string; put it in quotes); name another`,
        );
    });
});
