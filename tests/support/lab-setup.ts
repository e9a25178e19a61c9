import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { labStatus } from "@istio-on-pulumi/lab";
import { Lab, TEST_LAB } from "./lab";
import { snapshotAtRest } from "./lab-objects";
import { Stack } from "./lab-stack";

declare module "vitest" {
    interface ProvidedContext {
        /** File that holds every object of the cluster before the first `up`, as a JSON list. */
        pristineFile: string;
    }
}

/**
 * Starts an empty lab for the integration tests and removes it when they are done.
 *
 * With LAB_TEST_KEEP set the lab stays and is taken up again by the next run: for working on one file of tests.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
    const lab = Lab.named(TEST_LAB);
    const stack = new Stack(lab);
    const keep = Boolean(process.env.LAB_TEST_KEEP);
    const dir = keep ? lab.place.state : mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    const pristineFile = join(dir, "pristine.json");
    project.provide("pristineFile", pristineFile);
    if (!(keep && stack.exists && labStatus(lab.place).running)) {
        await lab.command("reset");
        await stack.forget();
        try {
            await lab.command("start");
            writeFileSync(pristineFile, JSON.stringify([...(await snapshotAtRest(lab)).values()]));
        } catch (error) {
            await remove();
            throw error;
        }
    }
    console.log(`Lab ${lab.place.name}: ${lab.plugins().join(", ")}`);
    return async () => {
        if (!keep) await remove();
    };

    async function remove(): Promise<void> {
        rmSync(dir, { recursive: true, force: true });
        await stack.forget();
        await lab.command("reset");
    }
}
