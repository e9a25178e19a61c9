/** Kubernetes objects from YAML: files, URLs and text. */
import { readFileSync } from "node:fs";
import { parseAllDocuments, type Tags } from "yaml";
import { isProps } from "../../rpc/values";
import type { Cluster } from "../cluster/cluster";
import { matchingFiles } from "./glob";
import { groupVersion, gvkOf, type Gvk } from "../object/kinds";
import { nameOf, namespaceOf, setNamespace } from "../object/names";
import { at, text, type Tree } from "../object/tree";

export interface Sources {
    /** paths or URLs */
    files?: string[];
    /** whether paths may be patterns */
    glob?: boolean;
    yaml?: string;
}

/** @throws Error when a file cannot be read or is not YAML */
export async function readManifests(sources: Sources): Promise<Tree[]> {
    const texts: string[] = [];
    for (const file of sources.files ?? []) {
        if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) texts.push(await fetchText(file));
        else for (const path of sources.glob ? expandGlob(file) : [file]) texts.push(readText(path));
    }
    if (sources.yaml) texts.push(sources.yaml);
    return texts.flatMap(parseManifests);
}

async function fetchText(url: string): Promise<string> {
    try {
        // As the real plugin does, without a look at the status: see the platform facts.
        return await (await fetch(url)).text();
    } catch (error) {
        throw new Error(`fetching YAML over network: Get "${url}": ${causeOf(error)}`);
    }
}

function causeOf(error: unknown): string {
    const { message, cause } = error as { message: string; cause?: { message?: string } };
    return cause?.message ?? message;
}

function readText(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch (error) {
        throw new Error(`reading YAML file from disk: ${(error as Error).message}`);
    }
}

function expandGlob(pattern: string): string[] {
    if (!/(?:^|[^\\])[*?[]/.test(pattern)) return [pattern];
    return matchingFiles(pattern).sort();
}

/** Tags of YAML 1.1 that Kubernetes' own reader does not know: to it these are strings. */
const FOREIGN_TAGS = ["timestamp", "binary", "set", "omap", "pairs"];

/** The objects in a YAML or JSON text; empty documents are left out. */
export function parseManifests(yaml: string): Tree[] {
    const documents = parseAllDocuments(yaml, {
        version: "1.1",
        merge: true,
        logLevel: "error",
        uniqueKeys: false,
        customTags: (tags: Tags) => tags.filter((tag) => !isForeign(tag)),
    });
    return (Array.isArray(documents) ? documents : []).flatMap((document) => {
        const [error] = document.errors;
        if (error) throw new Error(`decoding YAML: ${error.message}`);
        const value: unknown = document.toJS({ maxAliasCount: -1 });
        if (value === null || value === undefined) return [];
        if (!isProps(value)) throw new Error(`decoding YAML: a document is ${JSON.stringify(value).slice(0, 80)}, not an object`);
        return Object.keys(value).length ? [value] : [];
    });
}

function isForeign(tag: Tags[number]): boolean {
    if (typeof tag === "string") return FOREIGN_TAGS.includes(tag);
    const { tag: name, format } = tag as { tag: string; format?: string };
    return FOREIGN_TAGS.some((foreign) => name.endsWith(`:${foreign}`)) || format === "TIME";
}

/**
 * Takes lists apart, and gives each object a namespace where its kind has one and it names none.
 * @returns the objects, and the kinds of which nobody knows yet whether they have namespaces
 * @throws Error when an object has no kind, apiVersion or name
 */
export async function completeObjects(
    objects: Tree[],
    defaultNamespace: string,
    cluster: Cluster,
): Promise<{ objects: Tree[]; unresolved: Gvk[] }> {
    const expanded = objects.flatMap(expandList);
    const unresolved: Gvk[] = [];
    for (const object of expanded) {
        const gvk = gvkOf(object);
        if (!gvk.kind || !gvk.version) {
            throw new Error(`Kubernetes resources require a kind and apiVersion: \`${excerpt(object)}\``);
        }
        if (!nameOf(object)) throw new Error(`Kubernetes resources require a .metadata.name: \`${excerpt(object)}\``);
        object["apiVersion"] = groupVersion(gvk);
        if (namespaceOf(object)) continue;
        const namespaced = await cluster.isNamespaced(gvk, expanded);
        if (namespaced === undefined) unresolved.push(gvk);
        else if (namespaced) setNamespace(object, defaultNamespace);
    }
    return { objects: expanded, unresolved };
}

function expandList(object: Tree): Tree[] {
    const items = at(object, "items");
    if (!Array.isArray(items) || !text(object, "kind").endsWith("List")) return [object];
    return (items as Tree[]).flatMap(expandList);
}

function excerpt(object: Tree): string {
    const json = JSON.stringify(object);
    return json.length > 100 ? `${json.slice(0, 97)}...` : json;
}
