import { distance } from "fastest-levenshtein";
import { isKubeconfigText } from "@istio-on-pulumi/kube";
import { FORMER_KEYS } from "./formerKeys";
import type { Facts } from "./setting";
import { LEAVES } from "./tree";

/** The command that sets a path; a key without a group needs no `--path`, and one of an addon is a path, too. */
export function setCommand(path: string, value: string, isSecret = false): string {
    return `pulumi config set ${isSecret ? "--secret " : ""}${path.includes(".") ? "--path " : ""}${path} ${value}`;
}

/** The command that takes a path away. */
export function removeCommand(path: string): string {
    return `pulumi config rm ${path.includes(".") ? "--path " : ""}${quoted(path)}`;
}

export function notAllowed(project: string, path: string, value: unknown, { allowed, isSecret }: Facts): string {
    const shown = isSecret ? "not what is allowed (it is not shown)" : JSON.stringify(value);
    return `${project}:${path} is ${shown}; allowed: ${allowed}. Change it with: ${setCommand(path, "<value>", isSecret)}`;
}

export function noGroup(project: string, path: string, value: unknown, keys: readonly string[]): string {
    const holdsSecret = LEAVES.some((leaf) => leaf.path.startsWith(`${path}.`) && leaf.facts.isSecret);
    const shown = holdsSecret ? "no group of settings (it is not shown)" : JSON.stringify(value);
    return (
        `${project}:${path} is ${shown}; allowed: an object with any of ${keys.join(", ")}. ` +
        `Remove it with: ${removeCommand(path)}, and set one with: pulumi config set --path ${path}.${keys[0]} <value>`
    );
}

/** Says of a flat key of before the groups which path it has now; `undefined` of what was none. */
export function moved(project: string, key: string, value: unknown): string | undefined {
    const path = Object.hasOwn(FORMER_KEYS, key) ? FORMER_KEYS[key]! : undefined;
    if (path === undefined) return undefined;
    const { facts, type } = LEAVES.find((leaf) => leaf.path === path)!;
    // Such as a group `kiali` at the top.
    if (typeof value === "object" && !type.safeParse(value).success) return undefined;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const isSecret = facts.isSecret && (key !== "kubeconfig" || isKubeconfigText(text));
    const kept = isSecret || text === "" ? "<value>" : quoted(text);
    return `${project}:${key} is ${path} now. Move it with: ${setCommand(path, kept, isSecret)} && pulumi config rm ${key}`;
}

/** Says of a path that is none which one is: the nearest, or all of its group. */
export function unknownPath(project: string, path: string): string {
    const near = nearest(path);
    const hint = near === undefined ? `allowed: ${among(path).join(", ")}.` : `did you mean ${near}?`;
    return `${project}:${path} is no setting of this project; ${hint} Remove it with: ${removeCommand(path)}`;
}

/** The path that was probably meant: but for a few letters the same, or the same end in another group. */
function nearest(path: string): string | undefined {
    const wanted = path.toLowerCase();
    const ends = LEAVES.filter((leaf) => leaf.path.toLowerCase().endsWith(`.${wanted}`));
    if (ends.length === 1) return ends[0]!.path;
    const [best] = [...LEAVES.map((leaf) => leaf.path), ...groups()]
        .map((known) => ({ known, typos: distance(known.toLowerCase(), wanted) }))
        .sort((a, b) => a.typos - b.typos);
    return best && best.typos <= 2 ? best.known : formerlyNear(path);
}

/** What a flat key with a slip of the pen has become. */
function formerlyNear(path: string): string | undefined {
    const former = Object.keys(FORMER_KEYS).find((key) => distance(key.toLowerCase(), path.toLowerCase()) <= 2);
    return former && FORMER_KEYS[former];
}

function groups(): string[] {
    const parents = LEAVES.flatMap(({ path }) => {
        const parts = path.split(".");
        return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("."));
    });
    return [...new Set(parents)];
}

/** The paths of the group that a path is in, as far as there is one. */
function among(path: string): string[] {
    const group = path.slice(0, path.lastIndexOf(".") + 1);
    const inside = LEAVES.filter((leaf) => leaf.path.startsWith(group)).map((leaf) => leaf.path);
    return inside.length > 0 && group !== "" ? inside : [...new Set(LEAVES.map((leaf) => leaf.path.split(".")[0]!))];
}

/** A word for a shell. */
function quoted(text: string): string {
    return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
