/** What helm says of a release. */
import { helm, HelmError, type HelmTarget } from "../helm/cli";
import { outline } from "./outline";
import { gvkOf } from "../object/kinds";
import { nameOf, namespaceOf } from "../object/names";
import { number, text, type Tree } from "../object/tree";
import type { Props } from "../../rpc/values";
import { mergeValues, type ReleaseRecord } from "./record";

export interface LiveRelease {
    status: Tree;
    metadata: Tree;
}

/** @returns undefined when there is no such release */
export async function findRelease(target: HelmTarget, namespace: string, name: string): Promise<LiveRelease | undefined> {
    const ask = async (...command: string[]): Promise<Tree> =>
        JSON.parse(await helm(target, [...command, name, "--namespace", namespace, "--output", "json"])) as Tree;
    try {
        const [status, metadata] = await Promise.all([ask("status"), ask("get", "metadata")]);
        return { status, metadata };
    } catch (error) {
        if (error instanceof HelmError && error.message.includes("release: not found")) return undefined;
        throw error;
    }
}

/** Writes into the record what helm says. */
export function describe(record: ReleaseRecord, live: LiveRelease): void {
    const { status, metadata } = live;
    record.name ||= text(status, "name");
    record.namespace ||= text(status, "namespace");
    record.chart ||= text(metadata, "chart");
    record.values = mergeValues(record.values, (status["config"] as Props | null | undefined) ?? {});
    record.version = text(metadata, "version");
    record.resourceNames = resourceNames(text(status, "manifest"));
    record.status = {
        appVersion: text(metadata, "appVersion"),
        chart: text(metadata, "chart"),
        name: text(status, "name"),
        namespace: text(status, "namespace"),
        revision: number(status, "version") ?? 0,
        status: text(status, "info", "status"),
        version: text(metadata, "version"),
    };
}

/** The manifest's objects by `<Kind>.<group>/<apiVersion>`, each as `namespace/name` where it names its namespace. */
export function resourceNames(manifest: string): Record<string, string[]> {
    const names = new Map<string, Set<string>>();
    for (const object of outline(manifest)) {
        const { group, kind } = gvkOf(object);
        if (!kind) continue;
        const key = `${group ? `${kind}.${group}` : kind}/${text(object, "apiVersion")}`;
        const namespace = namespaceOf(object);
        const known = names.get(key) ?? new Set();
        names.set(key, known.add(namespace ? `${namespace}/${nameOf(object)}` : nameOf(object)));
    }
    return Object.fromEntries([...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, set]) => [key, [...set].sort()]));
}
