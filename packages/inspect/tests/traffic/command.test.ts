import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MeshReport } from "../../src";
import { type FakeApi, fakeApi } from "../../testing/apiServer";
import { type FakeBookinfo, fakeBookinfo, productPage } from "../../testing/bookinfo";
import { mesh } from "../../testing/mesh";
import { pattern } from "../../testing/pattern";

const root = join(__dirname, "../../../..");
const PODS = ["reviews-v1", "reviews-v2", "reviews-v3"];
let api: FakeApi;
let bookinfo: FakeBookinfo;
let onRequest: (number: number) => void = () => undefined;

beforeAll(async () => {
    api = await fakeApi(mesh());
    bookinfo = await fakeBookinfo((request, response, number) => {
        onRequest(number);
        response.writeHead(request.url === "/productpage" ? 200 : 404).end(productPage(PODS[number % 3]!));
    });
});
afterAll(() => Promise.all([api.stop(), bookinfo.stop()]));

function start(...args: string[]) {
    const child = spawn(
        process.execPath,
        [
            join(root, "scripts/run.mjs"),
            "packages/inspect/src/cli.ts",
            "traffic",
            ...args,
            "--rules",
            "none",
            "--kubeconfig",
            api.kubeconfig,
        ],
        { cwd: root, env: { ...process.env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] },
    );
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
    return {
        child,
        ended: new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) =>
            child.on("close", (status) => resolve({ status, ...output })),
        ),
    };
}
const cli = (...args: string[]) => start(...args).ended;

// Each starts a process of its own.
describe("the command traffic", { timeout: 60_000 }, () => {
    it("prints tables, tells how far it is on standard error, and exits with 0", async () => {
        const { status, stdout, stderr } = await cli("--url", bookinfo.url.origin, "--requests", "20");
        expect(status).toBe(0);
        expect(stderr).toMatch(
            pattern(
                /^Sending 20 requests to http:\/\/127\.0\.0\.1:\d+\/productpage\n {2}2 of 20 requests, 0 failed\n/,
                /(.*\n){8} {2}20 of 20 requests, 0 failed\n$/,
            ),
        );
        expect(stdout).toMatch(/\nSENT +SUCCEEDED +FAILED +DURATION +PER SECOND +P50 +P90 +P99 +MAX\n20 +20 +0 /);
        expect(stdout).toMatch(/\nVERSION +ANSWERS +SHARE +95 % INTERVAL +EXPECTED +PODS\nv1 /);
        expect(stdout).toMatch(/\nNothing is wrong\.\n$/);
    });

    it("prints JSON alone for programs, and exits with 1 where requests fail", async () => {
        const { status, stdout, stderr } = await cli(
            "--url",
            `${bookinfo.url.origin}/other`,
            "--requests",
            "5",
            "--json",
        );
        expect([status, stderr]).toEqual([1, ""]);
        const report = JSON.parse(stdout) as MeshReport;
        expect(report.traffic).toMatchObject({ sent: 5, failed: 5, failures: [{ reason: "HTTP 404", requests: 5 }] });
        expect(report.findings.map(({ code }) => code)).toEqual(["traffic/no-success"]);
    });

    it("is ended by Ctrl-C, and shows what it has", async () => {
        const { child, ended } = start("--url", bookinfo.url.href, "--requests", "100000", "--json");
        const first = bookinfo.requests.length;
        onRequest = (number) => number === first + 30 && child.kill("SIGINT");
        const { status, stdout } = await ended;
        const { traffic, findings } = JSON.parse(stdout) as MeshReport;
        expect([status, traffic!.ended, findings.map(({ code }) => code)]).toEqual([
            0,
            "interrupted",
            ["traffic/interrupted"],
        ]);
        expect(traffic!.succeeded).toBeGreaterThan(20);
        expect(traffic!.sent).toBeLessThan(100_000);
    });
});
