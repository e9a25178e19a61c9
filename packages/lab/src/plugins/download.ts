import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "@istio-on-pulumi/kube";
import type { LabPlace } from "../place";
import { CommandFailed, type Report, run } from "../run";

/** How long a download may take, in milliseconds: one that a start tries by itself, and one that is asked for. */
const TRY_MS = 30_000;
const ASKED_FOR_MS = 15 * 60_000;
/** A download that failed is tried again after so many milliseconds. */
const AGAIN_AFTER_MS = 24 * 60 * 60_000;

/** A plugin that can be downloaded. */
export interface Downloadable {
    /** The engine's name for it, such as `kubernetes`. */
    readonly name: string;
    readonly version: string;
}

/** A download that failed. */
export interface FailedDownload {
    /** When, as ISO 8601. */
    readonly at: string;
    readonly reason: string;
}

/** The Pulumi home of the plugins that the lab has downloaded. */
export const downloadHome = (place: LabPlace) => join(place.cache, "official-plugins");

const failureFile = (place: LabPlace, { name, version }: Downloadable) =>
    join(downloadHome(place), `${name}-${version}.failed.json`);

/** The last attempt to download a plugin, if it failed. */
export function failedDownload(place: LabPlace, plugin: Downloadable): FailedDownload | undefined {
    try {
        return JSON.parse(readFileSync(failureFile(place, plugin), "utf8")) as FailedDownload;
    } catch {
        return undefined;
    }
}

/**
 * Downloads an official plugin by the engine. One whose download has failed in the last day is left alone.
 * @param engine file of `pulumi`.
 * @param askedFor whether the user asked for it: then it is tried at once, and may take its time.
 */
export async function downloadPlugin(
    place: LabPlace,
    plugin: Downloadable,
    { engine, askedFor, report }: { engine: string; askedFor: boolean; report: Report },
): Promise<void> {
    const before = failedDownload(place, plugin);
    if (before && !askedFor && Date.now() - Date.parse(before.at) < AGAIN_AFTER_MS) return;
    const home = downloadHome(place);
    const timeoutMs = askedFor ? ASKED_FOR_MS : TRY_MS;
    report(`downloading the official plugin ${plugin.name} ${plugin.version}, for at most ${timeoutMs / 1000} s`);
    await mkdir(home, { recursive: true });
    try {
        await run([engine, "plugin", "install", "resource", plugin.name, plugin.version], {
            env: { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
            timeoutMs,
        });
        await rm(failureFile(place, plugin), { force: true });
    } catch (error) {
        const failure: FailedDownload = { at: new Date().toISOString(), reason: reasonOfDownload(error) };
        await writeFile(failureFile(place, plugin), `${JSON.stringify(failure)}\n`);
    }
}

/** What the engine says of its last try; it makes several, and ends with how many. */
function reasonOfDownload(error: unknown): string {
    const tries = error instanceof CommandFailed ? error.lastLines.flatMap((line) => TRY.exec(line)?.[1] ?? []) : [];
    return tries.at(-1) ?? reasonOf(error);
}

const TRY = /Error downloading plugin: (.+)$/;
