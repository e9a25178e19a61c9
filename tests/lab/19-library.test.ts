import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { eventually, getAll } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";

const lab = Lab.named(TEST_LAB);
const walkthrough = new Stack(lab);

/** What the example tells. */
interface Outputs {
    endpoint: { service: string; ports: { name: string; nodePort: number }[] };
    istioVersion: string;
}

describe("a program of one's own, with the package as npm installs it", () => {
    let dir: string;
    const pulumi = (...args: string[]) =>
        lab.output(["pulumi", "-C", dir, ...args, "--stack", "own-app-lab", "--non-interactive", "--color", "never"]);
    const change = (command: string, ...args: string[]) =>
        pulumi(command, "--yes", "--skip-preview", "--suppress-outputs", ...args);
    let outputs: Outputs;

    beforeAll(async () => {
        const { bundle } = walkthrough.settings();
        // A cluster takes one control plane.
        if ((await walkthrough.resources()).length > 0) await walkthrough.destroy();
        dir = mkdtempSync(join(tmpdir(), "own-app-"));
        cpSync(join(lab.place.repository, "examples", "own-app-typescript"), dir, { recursive: true });
        const pack = ["pack", "--silent", "--pack-destination", dir];
        const archive = (await execa("npm", pack, { cwd: lab.place.repository })).stdout.trim().split("\n").at(-1)!;
        const manifest = join(dir, "package.json");
        writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/file:.*\.tgz/, `file:./${archive}`));
        await execa("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: dir });
        await lab.output(["pulumi", "-C", dir, "stack", "init", "own-app-lab", "--non-interactive"]);
        await pulumi("config", "set", "context", "lab");
        await pulumi("config", "set", "bundle", bundle!);
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    test("is of the package's types", async () => {
        await execa("npx", ["tsc", "-p", "."], { cwd: dir });
    });

    test("comes up: control plane, gateway and app, no Bookinfo", async () => {
        await change("up");
        outputs = JSON.parse(await pulumi("stack", "output", "--json")) as Outputs;
        expect(outputs).toMatchObject({ istioVersion: "1.25.1", endpoint: { service: "entrance-istio" } });
        expect(await getAll(lab, "namespace", "istio-sample")).toEqual([]);
        const [pod] = await getAll(lab, "pods", "--namespace", "shop", "--selector", "app=shop");
        expect(JSON.stringify(pod)).toContain('"istio-proxy"');
    });

    test("answers through its gateway, to its host name alone", async () => {
        const { nodePort } = outputs.endpoint.ports.find(({ name }) => name === "http")!;
        const status = (host: string) =>
            lab.output([
                ...["curl", "--silent", "--max-time", "5", "--output", "/dev/null", "--write-out", "%{http_code}"],
                ...["--header", `Host: ${host}`, `http://127.0.0.1:${nodePort}/get`],
            ]);
        await eventually(
            () => status("shop.example.com"),
            (code) => code === "200",
            "the app answers",
        );
        expect(await status("other.example.com")).toBe("404");
    });

    test("changes nothing by a second up: what it installed it knows again", async () => {
        await change("up", "--expect-no-changes");
    });

    test("is destroyed, and comes up again over the CRDs that stay", async () => {
        await change("destroy");
        await change("up");
        await change("destroy");
        expect(await getAll(lab, "namespace", "shop")).toEqual([]);
    });
});
