/**
 * The identities of the objects in a rendered manifest, without reading the rest of them: a chart of CRDs renders to a
 * megabyte, and a release needs to know only what is in it.
 */
import { parseManifests } from "../construct/manifests";
import type { Tree } from "../object/tree";

/** Top-level keys by which an object is known. */
const IDENTITY = /^(apiVersion|kind|metadata):/;
/** A CRD's field that holds nearly all of it. */
const VERSIONS = /^ {2}versions:/;

/** @returns each object with apiVersion, kind and metadata; of a CRD also its spec, without the versions */
export function outline(manifest: string): Tree[] {
    return manifest.split(/^---.*$/m).flatMap((document) => parseManifests(reduce(document)));
}

function reduce(document: string): string {
    const isCrd = /^kind: *["']?CustomResourceDefinition\b/m.test(document);
    const kept: string[] = [];
    let inField = true;
    let inVersions = false;
    for (const line of document.split("\n")) {
        if (/^[^\s-]/.test(line)) {
            // What stands at the margin starts the next field; flow style and comments are kept as they are.
            inField = !/^[\w.-]+:/.test(line) || IDENTITY.test(line) || (isCrd && /^spec:/.test(line));
            inVersions = false;
        } else if (/^ {2}[^\s-]/.test(line)) inVersions = isCrd && VERSIONS.test(line);
        if (inField && !inVersions) kept.push(line);
    }
    return kept.join("\n");
}
