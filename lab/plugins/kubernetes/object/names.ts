/** Names, ids and the annotations by which a program steers the plugin. */
import { createHash, randomBytes } from "node:crypto";
import { Unknown } from "../../rpc/values";
import { at, number, setAt, text, type Tree } from "./tree";

export const AUTONAMED = "pulumi.com/autonamed";
export const SKIP_AWAIT = "pulumi.com/skipAwait";
export const WAIT_FOR = "pulumi.com/waitFor";
export const TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds";
export const REPLACE_UNREADY = "pulumi.com/replaceUnready";
export const PATCH_FORCE = "pulumi.com/patchForce";
export const PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager";
export const DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy";

export function nameOf(object: Tree): string {
    return text(object, "metadata", "name");
}

export function namespaceOf(object: Tree): string {
    return text(object, "metadata", "namespace");
}

/** An annotation's value; empty when it is absent or not yet known. */
export function annotation(object: Tree, key: string): string {
    return text(object, "metadata", "annotations", key);
}

export function annotationIsTrue(object: Tree, key: string): boolean {
    return annotation(object, key) === "true";
}

/** Sets the namespace; an empty one is removed, as Kubernetes' own accessors do. */
export function setNamespace(object: Tree, namespace: string): void {
    if (namespace) setAt(object, namespace, "metadata", "namespace");
    else if (at(object, "metadata", "namespace") !== undefined) delete (object["metadata"] as Tree)["namespace"];
}

/** A resource's id: `namespace/name`, or `name` for what has no namespace. */
export function idOf(object: Tree): string {
    const namespace = namespaceOf(object);
    return namespace ? `${namespace}/${nameOf(object)}` : nameOf(object);
}

export function parseId(id: string): { namespace: string; name: string } {
    const [first = "", second] = id.split("/");
    return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

/** Whether the program gives the object a name, known already or not. */
export function isNamed(object: Tree): boolean {
    return at(object, "metadata", "name") instanceof Unknown || nameOf(object) !== "";
}

/** Whether the program leaves the name to the API server. */
export function usesGenerateName(object: Tree): boolean {
    if (isNamed(object)) return false;
    const generateName = at(object, "metadata", "generateName");
    return generateName instanceof Unknown || (typeof generateName === "string" && generateName !== "");
}

/** A prefix with eight hexadecimal digits: the same ones for the same seed. */
export function uniqueName(prefix: string, seed?: Uint8Array): string {
    const bytes = seed?.length ? createHash("sha256").update(seed).digest() : randomBytes(4);
    return prefix + bytes.subarray(0, 4).toString("hex");
}

/** Names the object after its resource, and marks it so that a replacement may take another name. */
export function autoname(object: Tree, name: string): void {
    setAt(object, name, "metadata", "name");
    setAt(object, "true", "metadata", "annotations", AUTONAMED);
}

/** Keeps the name that an earlier run chose. */
export function adoptName(object: Tree, old: Tree): void {
    if (!isNamed(object) && annotationIsTrue(old, AUTONAMED)) autoname(object, nameOf(old));
}

/** The timeout in milliseconds that the resource options or else the annotation set; undefined: the default. */
export function timeoutMs(optionSeconds: number, object: Tree): number | undefined {
    if (optionSeconds) return optionSeconds * 1000;
    const written = annotation(object, TIMEOUT_SECONDS);
    return /^-?\d+$/.test(written) ? Number(written) * 1000 : undefined;
}

export function uidOf(object: Tree): string {
    return text(object, "metadata", "uid");
}

/** Counts the changes of an object's spec; 0 for kinds that do not count. */
export function generation(object: Tree): number {
    return number(object, "metadata", "generation") ?? 0;
}

/** The name for messages: with the namespace, unless that is the default one. */
export function displayName(object: Tree): string {
    const namespace = namespaceOf(object);
    return namespace && namespace !== "default" ? `${namespace}/${nameOf(object)}` : nameOf(object);
}
