import { existsSync, readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { DEFAULT_ISTIO, reasonOf, UserError } from "@istio-on-pulumi/kube";
import { NODE_PORT_ADDRESS } from "./control-plane/addresses";
import { CONTEXT } from "./control-plane/kubeconfig";
import type { LabPlace } from "./place";
import { run } from "./run";

const PROJECT = "istio-on-pulumi";

/** Fields of a stack's settings by which its encrypted values are read. */
const ENCRYPTION = ["encryptionsalt", "encryptedkey", "secretsprovider"];

/** What the lab wrote before settings were in groups; the program refuses them. */
const FORMER_KEYS = ["context", "nodeHost"];

/** The version of Istio that the lab's stack is set to. */
export function istioOfStack({ stackSettings }: LabPlace): string {
    const text = existsSync(stackSettings) ? readFileSync(stackSettings, "utf8") : "";
    const version = parseDocument(text).getIn(["config", `${PROJECT}:istio`, "version"]);
    return typeof version === "string" ? version : DEFAULT_ISTIO;
}

/** A stack's settings with those (by path) that the lab decides; all others stay as they are. */
export function withLabSettings(text: string, settings: Readonly<Record<string, string>>): string {
    const document = parseDocument(text || "{}\n");
    if (document.has("config")) for (const key of FORMER_KEYS) document.deleteIn(["config", `${PROJECT}:${key}`]);
    for (const [path, value] of Object.entries(settings)) {
        const [group, ...keys] = path.split(".");
        document.setIn(["config", `${PROJECT}:${group}`, ...keys], value);
    }
    if (document.contents && "flow" in document.contents) document.contents.flow = false;
    return document.toString();
}

/** A stack's settings without their encryption, and the names of the encrypted values that go with it. */
export function withoutEncryption(text: string): { text: string; dropped: string[] } {
    const document = parseDocument(text);
    for (const field of ENCRYPTION) document.delete(field);
    const { config = {} } = document.toJS() as { config?: Record<string, unknown> };
    const encrypted = encryptedIn(config, []);
    for (const path of encrypted) document.deleteIn(["config", ...path]);
    return { text: document.toString(), dropped: encrypted.map((path) => path.join(".")) };
}

/** Pulumi writes an encrypted value as `secure: <ciphertext>`, at any depth. */
function encryptedIn(value: unknown, path: readonly string[]): (readonly string[])[] {
    if (typeof value !== "object" || value === null) return [];
    if (Object.keys(value).join() === "secure") return [path];
    return Object.entries(value).flatMap(([key, inner]) => encryptedIn(inner, [...path, key]));
}

/**
 * Makes the lab's stack unless it is there, and writes what the lab decides into its settings: the cluster, the address
 * at which its node ports are open, and the bundle of upstream's files.
 * @param env of a command in the lab.
 * @returns the settings that were dropped because they were encrypted for a stack that is gone.
 */
export async function ensureStack(place: LabPlace, env: NodeJS.ProcessEnv, bundle: string): Promise<string[]> {
    const settings = { "cluster.context": CONTEXT, "cluster.nodeHost": NODE_PORT_ADDRESS, bundle };
    await editSettings(place, (text) => withLabSettings(text, settings));
    // Asking the engine would cost a second or two each time.
    if (existsSync(join(place.backend, ".pulumi", "stacks", PROJECT, `${place.stack}.json`))) return [];
    const command = [join(place.bin, "pulumi"), "stack", "init", place.stack, "--non-interactive"];
    const init = () => run(command, { cwd: place.repository, env });
    let lost: string[] = [];
    try {
        await init().catch(async (error: unknown) => {
            // The file's encryption is that of a stack that is gone, with a passphrase that is not known here.
            if (!reasonOf(error).includes("could not create secrets manager")) throw error;
            await editSettings(place, (text) => {
                const { text: readable, dropped } = withoutEncryption(text);
                lost = dropped;
                return readable;
            });
            await init();
        });
    } catch (error) {
        throw new UserError(`The stack "${place.stack}" could not be made: ${reasonOf(error)}`);
    }
    return lost;
}

async function editSettings({ stackSettings }: LabPlace, edit: (text: string) => string): Promise<void> {
    const before = await readFile(stackSettings, "utf8").catch(() => "");
    const after = edit(before);
    if (after === before) return;
    await writeFile(`${stackSettings}.new`, after);
    await rename(`${stackSettings}.new`, stackSettings);
}
