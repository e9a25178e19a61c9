import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { inspectMesh, type InspectOptions } from "../src";
import { type FakeApi, fakeApi } from "../testing/apiServer";
import { mesh, meshRules } from "../testing/mesh";
import { NO_LOCAL_RULES, pattern } from "../testing/pattern";

let api: FakeApi;
let dir: string;
let rules: string;

beforeAll(async () => {
    api = await fakeApi(mesh());
    dir = mkdtempSync(join(tmpdir(), "inspect-"));
    rules = join(dir, "rules.txt");
    writeFileSync(rules, meshRules());
});
beforeEach(() => {
    api.instead = {};
    api.denied.clear();
    api.pageSize = 500;
    api.asked.length = 0;
});
afterAll(async () => {
    await api.stop();
    rmSync(dir, { recursive: true });
});

const inspect = (over: Partial<InspectOptions> = {}) =>
    inspectMesh({
        kubeconfig: api.kubeconfig,
        sections: ["doctor"],
        rules: { kind: "file", files: [rules] },
        ask: false,
        ...over,
    });

describe("inspecting a mesh", () => {
    it("reads, joins and checks all of it, and finds a healthy one so", async () => {
        const report = await inspect({
            outputs: {
                text: JSON.stringify({
                    endpoints: {
                        productpage: {
                            service: "productpage",
                            namespace: "shop",
                            ports: [{ name: "http", port: 9080 }],
                        },
                    },
                }),
                source: "The outputs",
            },
        });
        expect(report).toMatchObject({
            cluster: { context: "fake", version: "v1.31.0" },
            namespaces: ["istio-system", "shop"],
            findings: [],
            ok: true,
        });
        expect(report.checks!.filter(({ state }) => state !== "ok")).toEqual([]);
        expect(report.nat!.paths.map(({ service, endpoints }) => [service, endpoints.length])).toEqual([
            ["productpage", 1],
            ["reviews", 3],
        ]);
        expect(report.proxies!.map(({ pod }) => pod)).toEqual([
            "productpage-v1",
            "reviews-v1",
            "reviews-v2",
            "reviews-v3",
        ]);
        expect(report.topology!.gateways.map(({ name }) => name)).toEqual(["front"]);
        expect(report.endpoints!.map(({ name }) => name)).toEqual(["productpage"]);
    });

    it("is plain data", async () => {
        const report = await inspect();
        const { injection } = JSON.parse(JSON.stringify(report)) as typeof report;
        expect(injection!.controlPlanes).toMatchObject([{ name: "istiod", created: "2026-01-02T09:00:00.000Z" }]);
        expect(JSON.stringify(report)).not.toContain("[object");
        expect(JSON.stringify(report).length).toBeGreaterThan(5000);
    });

    it("reads long lists page by page", async () => {
        api.pageSize = 2;
        expect((await inspect({ sections: ["injection"] })).injection!.pods).toHaveLength(5);
        expect(api.asked.filter((path) => path === "/api/v1/pods")).toHaveLength(3);
    });

    it("looks only at what was asked for", async () => {
        const report = await inspect({ sections: ["injection"] });
        expect(Object.keys(report)).toEqual(["at", "cluster", "namespaces", "injection", "findings", "ok"]);
    });

    it("changes nothing", async () => {
        await inspect();
        expect(new Set(api.asked.filter((path) => path.includes("review")))).toEqual(
            new Set(["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]),
        );
    });

    it("does without kinds that the cluster does not serve, and notes those that it refuses", async () => {
        api.instead = {
            "/apis/gateway.networking.k8s.io/v1/gateways": { status: 404 },
            "/api/v1/nodes": { status: 403 },
        };
        const report = await inspect({ sections: ["injection"] });
        expect(report.findings.map(({ severity, message }) => [severity, message])).toEqual([
            ["note", "This user may not list nodes, so what depends on them was not looked at."],
        ]);
    });

    it("names the permissions that are lacking, where there is no Istio yet", async () => {
        api.instead = { "/apis/apps/v1/deployments": { items: [] } };
        api.denied.add("create namespaces").add("delete deployments");
        const { checks } = await inspect();
        expect(checks!.find(({ title }) => title === "Permissions")!.findings[0]!.message).toContain(
            "This user may not create namespaces and delete deployments.apps, which an install does",
        );
    });

    it.each([
        [
            "refuses this user (HTTP 401 to GET /version: it failed with 401); use a kubeconfig whose user may read the cluster's objects, with: " +
                "--kubeconfig <path>",
            "/version",
            401,
        ],
        [
            "fails (HTTP 500 to GET /version: it failed with 500); try again when it is well, or name another with: " +
                "--context <name>",
            "/version",
            500,
        ],
        ["refuses this user (HTTP 403 to GET /api/v1/pods: it failed with 403)", "/api/v1/pods", 403],
    ])("fails in one sentence where the cluster %s", async (message, path, status) => {
        api.instead = { [path]: { status } };
        await expect(inspect()).rejects.toThrow(message);
        await expect(inspect()).rejects.toBeInstanceOf(UserError);
    });

    it("speaks of its own options where the kubeconfig is wrong", async () => {
        await expect(inspect({ context: "other" })).rejects.toThrow(
            /has no context "other"; allowed: fake\. Choose one with: --context <name>$/,
        );
        await expect(inspect({ kubeconfig: join(dir, "none") })).rejects.toThrow(
            /name another with: --kubeconfig <path>$/,
        );
    });

    it("follows one Service, and one pod", async () => {
        expect(
            (await inspect({ sections: ["nat"], service: "reviews" })).nat!.paths.map(({ service }) => service),
        ).toEqual(["reviews"]);
        expect((await inspect({ sections: ["proxy"], pod: "reviews-v2" })).proxies!.map(({ pod }) => pod)).toEqual([
            "reviews-v2",
        ]);
        await expect(inspect({ sections: ["proxy"], pod: "istiod-1" })).rejects.toThrow(
            "The pod istio-system/istiod-1 has no container istio-proxy; see why with: npm run inspect -- " +
                "injection -n istio-system",
        );
    });

    it("skips rules that nobody named where this machine is no node, and fails where they were asked for", async () => {
        const { checks, ok } = await inspect({ rules: undefined });
        expect(checks!.find(({ id }) => id === "nat/services")).toMatchObject({
            state: "skipped",
            seen: expect.stringMatching(NO_LOCAL_RULES) as string,
        });
        expect(ok).toBe(true);
        await expect(inspect({ rules: undefined, sections: ["nat"] })).rejects.toThrow(UserError);
    });
});

// Each starts a process of its own.
describe("the command", { timeout: 60_000 }, () => {
    const root = join(__dirname, "../../..");
    /** Runs Node.js with these arguments, as if npm had been called in the tests' directory. */
    const run = (args: readonly string[], cwd: string, over: NodeJS.ProcessEnv = {}) =>
        new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
            const env = { ...process.env, INIT_CWD: dir, NO_COLOR: "1", ...over };
            const child = spawn(process.execPath, args, { cwd, env });
            const output = { stdout: "", stderr: "" };
            child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
            child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
            child.stdin.end();
            child.on("close", (status) => resolve({ status, ...output }));
        });
    const script = ["scripts/run.mjs", "packages/inspect/src/cli.ts"];
    const cli = (...args: string[]) => run([...script, ...args, "--kubeconfig", api.kubeconfig], root);

    it("finds a kubeconfig where the user is, and one in the home directory", async () => {
        copyFileSync(api.kubeconfig, join(dir, "kc"));
        const { status, stderr } = await run([...script, "injection", "--kubeconfig", "./kc"], root);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        const ambient = await run([...script, "injection"], root, { KUBECONFIG: "none:kc" });
        expect({ status: ambient.status, stderr: ambient.stderr }).toEqual({ status: 0, stderr: "" });
        const text = readFileSync(api.kubeconfig, "utf8");
        const given = await run([...script, "injection", "--kubeconfig", text], root);
        expect({ status: given.status, stderr: given.stderr }).toEqual({ status: 0, stderr: "" });
        const home = await run([...script, "injection", "--kubeconfig", "~/none-of-this-name"], root);
        expect(home.stderr).toMatch(/^The kubeconfig ~\/none-of-this-name cannot be read \(ENOENT/);
    });

    it("is mesh-inspect, too, which knows nothing of npm", async () => {
        const below = join(dir, "below");
        mkdirSync(below);
        copyFileSync(api.kubeconfig, join(below, "only-here"));
        const bin = join(__dirname, "../bin/mesh-inspect.cjs");
        const { status, stdout } = await run([bin, "injection", "--kubeconfig", "only-here", "--json"], below);
        expect([status, (JSON.parse(stdout) as { ok: boolean }).ok]).toEqual([0, true]);
    });

    it("exits with 0, prints tables, and writes the page where the user is", async () => {
        const { status, stdout, stderr } = await cli(
            "doctor",
            "--rules",
            "rules.txt",
            "--html",
            "page.html",
            "--no-ask",
        );
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        expect(stdout).toContain(
            "ok       Shares            1 Service port with several endpoints, each spread evenly",
        );
        expect(readFileSync(join(dir, "page.html"), "utf8")).toMatch(/^<!doctype html>/);
    });

    it("exits with 1 where something is wrong, and prints JSON", async () => {
        writeFileSync(join(dir, "broken.txt"), readFileSync(rules, "utf8").replace("0.33333333349", "0.90000000000"));
        const { status, stdout } = await cli("nat", "reviews", "--rules", "broken.txt", "--json");
        expect(status).toBe(1);
        expect((JSON.parse(stdout) as { findings: { code: string }[] }).findings.map(({ code }) => code)).toEqual([
            "nat/uneven-share",
        ]);
    });

    it("prints the findings alone for programs, and their sentences for people", async () => {
        writeFileSync(join(dir, "broken.txt"), readFileSync(rules, "utf8").replace("0.33333333349", "0.90000000000"));
        const { status, stdout, stderr } = await cli("doctor", "--rules", "broken.txt", "--no-ask", "--findings");
        const printed = JSON.parse(stdout) as { ok: boolean; findings: { code: string; message: string }[] };
        expect([status, Object.keys(printed), printed.ok]).toEqual([1, ["ok", "findings"], false]);
        expect(printed.findings.map(({ code }) => code)).toEqual(["nat/uneven-share"]);
        expect(stderr).toBe(`${printed.findings[0]!.message}\n`);
    });

    it("is such a finding itself where nothing can be looked at", async () => {
        const { status, stdout, stderr } = await cli("doctor", "--rules", "none.txt", "--findings");
        const sentence = expect.stringMatching(/^The file .*none\.txt cannot be read/) as string;
        expect(JSON.parse(stdout)).toEqual({
            ok: false,
            findings: [{ severity: "problem", code: "inspection/failed", subject: "inspection", message: sentence }],
        });
        expect([status, stderr]).toEqual([1, sentence]);
    });

    it("exits with 1 and one sentence where nothing can be looked at", async () => {
        expect(await cli("nat", "--rules", "none.txt")).toEqual({
            status: 1,
            stdout: "",
            stderr: expect.stringMatching(
                pattern(
                    /^The file .*none\.txt cannot be read \(.*\); name one that iptables-save or nft -j wrote with /,
                    /--rules <file>\.\n$/,
                ),
            ) as string,
        });
    });

    it("exits with 2 and one sentence where the command line makes no sense", async () => {
        expect(await cli("nta")).toEqual({
            status: 2,
            stdout: "",
            stderr: 'There is no command "nta"; allowed: injection, proxy, nat, endpoints, traffic, doctor.\n',
        });
    });
});
