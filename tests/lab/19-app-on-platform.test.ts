import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { ask, untilAnswered } from "../support/lab-load";
import { eventually, getAll } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import type { Pod } from "../support/objects";

const lab = Lab.named(TEST_LAB);
const platform = new Stack(lab);
const PLATFORM = { "gateway.namespace": "istio-ingress", "bookinfo.enabled": "false" };

describe("an application's stack on a platform's", () => {
    let dir: string;
    let url: string;
    const pulumi = (...args: string[]) =>
        lab.output(["pulumi", "-C", dir, ...args, "--stack", "app-lab", "--non-interactive", "--color", "never"]);
    const change = (command: string, ...args: string[]) =>
        pulumi(command, "--yes", "--skip-preview", "--suppress-outputs", ...args);

    beforeAll(async () => {
        await platform.with(PLATFORM, () => platform.up("--skip-preview"));
        dir = mkdtempSync(join(tmpdir(), "app-on-platform-"));
        cpSync(join(lab.place.repository, "examples", "app-on-platform"), dir, { recursive: true });
        // What `npm install` would bring is here already, in the same versions.
        symlinkSync(join(lab.place.repository, "node_modules"), join(dir, "node_modules"));
        await lab.output(["pulumi", "-C", dir, "stack", "init", "app-lab", "--non-interactive"]);
        await pulumi("config", "set", "platform", `organization/istio-on-pulumi/${platform.name}`);
        await pulumi("config", "set", "context", "lab");
    });
    afterAll(async () => {
        await change("destroy");
        await pulumi("stack", "rm", "--yes");
        rmSync(dir, { recursive: true, force: true });
        await platform.destroy();
    });

    test("is of the packages' types", async () => {
        await execa("npx", ["tsc", "-p", "."], { cwd: dir });
    });

    test("comes up with sidecars, and answers through the platform's gateway", async () => {
        await change("up");
        ({ url } = JSON.parse(await pulumi("stack", "output", "--json")) as { url: string });
        expect(url).toMatch(/:\d+\/shop\/$/);
        await untilAnswered(url);
        const [pod] = await getAll<Pod>(lab, "pods", "--namespace", "shop");
        expect(JSON.stringify(pod!.spec)).toContain('"istio-proxy"');
    });

    test("changes nothing by a second up, and nothing of the platform's", async () => {
        await change("up", "--expect-no-changes");
        await platform.with(PLATFORM, () => platform.up("--skip-preview", "--expect-no-changes"));
    });

    test("leaves the platform as it was when it is destroyed", async () => {
        await change("destroy");
        expect(await getAll(lab, "namespace", "shop")).toEqual([]);
        await platform.with(PLATFORM, () => platform.up("--skip-preview", "--expect-no-changes"));
        await eventually(
            async () => (await ask(url)).status,
            (status) => status === 404,
            "the gateway answers, without the application's route",
        );
    });
});
