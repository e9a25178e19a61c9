import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
    ambientKubeconfig,
    readKubeconfig,
    select,
} from "../../../../lab/plugins/kubernetes/cluster/kubeconfig";
import { checkConfig } from "../../../../lab/plugins/kubernetes/provider/check-config";
import { diffConfig } from "../../../../lab/plugins/kubernetes/provider/diff-config";
import { readSettings } from "../../../../lab/plugins/kubernetes/provider/settings";
import { UNKNOWN } from "../../../../lab/plugins/rpc/values";

function kubeconfig(server: string, context = "one"): string {
    return JSON.stringify({
        "current-context": context,
        clusters: [{ name: "c", cluster: { server, "certificate-authority": "ca.crt" } }, { name: "d", cluster: { server: "https://d" } }],
        users: [{ name: "u", user: { token: "t" } }],
        contexts: [
            { name: "one", context: { cluster: "c", user: "u", namespace: "team" } },
            { name: "two", context: { cluster: "d", user: "u" } },
        ],
    });
}

let folder: string;
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-test-"));
    writeFileSync(join(folder, "a"), kubeconfig("https://a"));
    writeFileSync(join(folder, "b"), kubeconfig("https://b", "two"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a kubeconfig", () => {
    it("is read by path or from its contents; paths in it are its own folder's", () => {
        expect(readKubeconfig(join(folder, "a")).clusters["c"]).toEqual({
            server: "https://a",
            "certificate-authority": join(folder, "ca.crt"),
        });
        expect(readKubeconfig(kubeconfig("https://x")).currentContext).toBe("one");
    });

    it("that is neither a file nor a kubeconfig is refused", () => {
        expect(() => readKubeconfig(join(folder, "none"))).toThrow(/neither a file's path nor a kubeconfig/);
    });

    it("is merged from several files, the first one winning", () => {
        const merged = ambientKubeconfig({ KUBECONFIG: `${join(folder, "a")}:${join(folder, "none")}:${join(folder, "b")}` });
        expect([merged.currentContext, merged.clusters["c"]?.server]).toEqual(["one", "https://a"]);
    });

    it("selects cluster, user and namespace by context", () => {
        const config = readKubeconfig(kubeconfig("https://x"));
        expect(select(config, {})).toMatchObject({ context: "one", namespace: "team", user: { token: "t" } });
        expect(select(config, { context: "two" }).cluster.server).toBe("https://d");
        expect(select(config, { cluster: "d" }).cluster.server).toBe("https://d");
        expect(() => select(config, { context: "three" })).toThrow('context "three" does not exist');
        expect(() => select(readKubeconfig("{}"), {})).toThrow(/no configuration has been provided/);
    });
});

describe("changed provider arguments", () => {
    const one = { kubeconfig: kubeconfig("https://one") };
    const other = { kubeconfig: kubeconfig("https://other") };

    it("replace everything with another active cluster", () => {
        expect(diffConfig(one, other)).toEqual({ diffs: ["kubeconfig"], replaces: ["kubeconfig"] });
        expect(diffConfig({ ...one, context: "one" }, { ...one, context: "two" }).replaces).toEqual(["context"]);
    });

    it("replace nothing with another user, namespace or flag", () => {
        const token = { kubeconfig: one.kubeconfig.replace('"t"', '"other"') };
        expect(diffConfig(one, token)).toEqual({ diffs: ["kubeconfig"], replaces: [] });
        expect(diffConfig(one, { ...one, enableConfigMapMutable: "true" }).replaces).toEqual([]);
    });

    it("replace nothing while the cluster identifier stays, and everything when it changes", () => {
        const named = { clusterIdentifier: "x" };
        expect(diffConfig({ ...one, ...named }, { ...other, ...named }).replaces).toEqual([]);
        expect(diffConfig({ ...one, ...named }, { ...one, clusterIdentifier: "y" }).replaces).toEqual(["clusterIdentifier"]);
        expect(diffConfig(one, { ...one, ...named }).replaces).toEqual([]);
    });

    it("replace everything while the kubeconfig is not yet known", () => {
        expect(diffConfig(one, { kubeconfig: UNKNOWN }).replaces).toEqual(["kubeconfig"]);
    });

    it("are none when they are the same", () => {
        expect(diffConfig(one, { ...one })).toEqual({ diffs: [], replaces: [] });
    });
});

describe("provider arguments", () => {
    const read = (variables: Record<string, string>, env = {}): ReturnType<typeof readSettings> =>
        readSettings(new Map(Object.entries(variables).map(([key, value]) => [`kubernetes:config:${key}`, value])), env);

    it("default to server-side apply and nothing else", () => {
        const settings = read({});
        expect(settings.serverSideApply).toBe(true);
        expect([settings.configMapMutable, settings.upsertExistingObjects, settings.helm.driver]).toEqual([false, false, "secret"]);
    });

    it("come before the environment", () => {
        const env = { PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "true" };
        expect(read({}, env).configMapMutable).toBe(true);
        expect(read({ enableConfigMapMutable: "false" }, env).configMapMutable).toBe(false);
    });

    it("in strict mode name the cluster, and not by the default provider", () => {
        const urn = "urn:pulumi:s::p::pulumi:providers:kubernetes::default_4_34_2";
        const failures = checkConfig({ strictMode: "true", context: "c" }, urn, {});
        expect(failures.map((failure) => failure.property)).toEqual(["", "kubeconfig"]);
        expect(checkConfig({}, urn, {})).toEqual([]);
    });

    it("cannot ask for rendering, which the stand-in does not do", () => {
        const [failure] = checkConfig({ renderYamlToDirectory: "out" }, "urn", {});
        expect(failure).toMatchObject({ property: "renderYamlToDirectory", reason: expect.stringMatching(/does not render/) });
    });
});
