import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { UserError } from "@istio-on-pulumi/kube";
import { CONTEXT } from "./control-plane/kubeconfig";
import { DOOR_ADDRESS } from "./node-ports/inside";
import type { LabPlace } from "./place";
import { run } from "./run";

/** Name of the lab's stack, whatever the lab's name. */
export const STACK = "lab";
const PROJECT = "istio-on-pulumi";

/** A stack's settings with those that the lab decides; all others stay as they are. */
export function withLabSettings(text: string, settings: Readonly<Record<string, string>>): string {
    const document = parseDocument(text || "{}\n");
    for (const [key, value] of Object.entries(settings)) document.setIn(["config", `${PROJECT}:${key}`], value);
    if (document.contents && "flow" in document.contents) document.contents.flow = false;
    return document.toString();
}

/**
 * Writes `Pulumi.lab.yaml`: the lab's cluster, the address at which its node ports are open inside and outside, and the
 * bundle of upstream's files.
 */
export async function writeStackSettings(place: LabPlace, bundle: string): Promise<void> {
    const file = join(place.repository, `Pulumi.${STACK}.yaml`);
    const before = await readFile(file, "utf8").catch(() => "");
    const after = withLabSettings(before, { context: CONTEXT, bundle, nodeHost: DOOR_ADDRESS });
    if (after === before) return;
    await writeFile(`${file}.new`, after);
    await rename(`${file}.new`, file);
}

/** Makes the stack in the lab's backend if it is not there. @returns whether it was made. */
export async function ensureStack(place: LabPlace, env: NodeJS.ProcessEnv): Promise<boolean> {
    // Asking the engine would cost a second or two each time.
    if (existsSync(join(place.backend, ".pulumi", "stacks", PROJECT, `${STACK}.json`))) return false;
    try {
        await run([join(place.bin, "pulumi"), "stack", "init", STACK, "--non-interactive"], {
            cwd: place.repository,
            env,
        });
    } catch (error) {
        throw new UserError(`The stack "${STACK}" could not be made: ${(error as Error).message}`);
    }
    return true;
}
