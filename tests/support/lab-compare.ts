import type { KubeObject } from "./lab-objects";

/** One place in which two objects differ. */
export interface Difference {
    /** Such as `Deployment.apps istio-system/istiod`. */
    readonly object: string;
    /**
     * Such as `spec.template.spec.volumes[startup-config]` or `metadata.labels["app.kubernetes.io/instance"]`; empty
     * for the whole object.
     */
    readonly path: string;
    /** `undefined` where the reference has nothing there. */
    readonly reference: unknown;
    readonly live: unknown;
}

/** A difference that is meant to be, with its reason. `*` in `object` and `path` stands for any text. */
export interface MeantDifference {
    readonly object: string;
    readonly path: string;
    readonly why: string;
}

/** What no two clusters share, or what only says who wrote an object when. */
const SERVER_METADATA = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];
/** What the API server assigns; `None` is a choice, not an assignment. */
const ASSIGNED_IPS = ["clusterIP", "clusterIPs"];

/** An object without its status and without what the API server alone decides. */
export function withoutServerFields({ status: _, metadata, ...object }: KubeObject): Record<string, unknown> {
    const kept = Object.fromEntries(Object.entries(metadata).filter(([field]) => !SERVER_METADATA.includes(field)));
    if (object.kind !== "Service") return { ...object, metadata: kept };
    const spec = object.spec as Record<string, unknown>;
    const chosen = Object.entries(spec).filter(([field]) => !ASSIGNED_IPS.includes(field) || spec.clusterIP === "None");
    return { ...object, metadata: kept, spec: Object.fromEntries(chosen) };
}

/**
 * All places in which two values differ; what is absent on one side counts as a whole, but no annotations or labels are
 * as good as an empty map of them.
 */
export function differences(object: string, reference: unknown, live: unknown, path = ""): Difference[] {
    if (/(^|\.)metadata\.(annotations|labels)$/.test(path))
        return mapDifferences(
            object,
            (reference ?? {}) as Record<string, unknown>,
            (live ?? {}) as Record<string, unknown>,
            path,
        );
    if (isList(reference) && isList(live)) return listDifferences(object, reference, live, path);
    if (isMap(reference) && isMap(live)) return mapDifferences(object, reference, live, path);
    return Object.is(reference, live) ? [] : [{ object, path, reference, live }];
}

function mapDifferences(
    object: string,
    reference: Record<string, unknown>,
    live: Record<string, unknown>,
    path: string,
): Difference[] {
    const keys = [...new Set([...Object.keys(reference), ...Object.keys(live)])];
    return keys.flatMap((key) => differences(object, reference[key], live[key], join(path, key)));
}

/** Lists of named things are compared by name, and then their order; all others by position. */
function listDifferences(object: string, reference: unknown[], live: unknown[], path: string): Difference[] {
    const [named, liveNamed] = [namesOf(reference), namesOf(live)];
    if (named === undefined || liveNamed === undefined) {
        const length = Math.max(reference.length, live.length);
        return Array.from({ length }, (_, index) =>
            differences(object, reference[index], live[index], `${path}[${index}]`),
        ).flat();
    }
    const all = [...new Set([...named.keys(), ...liveNamed.keys()])];
    const found = all.flatMap((name) => differences(object, named.get(name), liveNamed.get(name), `${path}[${name}]`));
    const common = [...named.keys()].filter((name) => liveNamed.has(name));
    const liveCommon = [...liveNamed.keys()].filter((name) => named.has(name));
    const sameOrder = common.every((name, index) => name === liveCommon[index]);
    return sameOrder ? found : [...found, { object, path: `${path} (order)`, reference: common, live: liveCommon }];
}

function namesOf(list: readonly unknown[]): Map<string, unknown> | undefined {
    const entries = list.map(
        (item) => [isMap(item) && typeof item.name === "string" ? item.name : undefined, item] as const,
    );
    const named = new Map(entries.filter((entry): entry is readonly [string, unknown] => entry[0] !== undefined));
    return named.size === list.length ? named : undefined;
}

/** The differences that nobody meant, and the meant ones that did not occur. */
export function judge(
    found: readonly Difference[],
    meant: readonly MeantDifference[],
): { unexpected: Difference[]; unused: MeantDifference[] } {
    const matches = (difference: Difference, entry: MeantDifference) =>
        glob(entry.object).test(difference.object) && glob(entry.path).test(difference.path);
    return {
        unexpected: found.filter((difference) => !meant.some((entry) => matches(difference, entry))),
        unused: meant.filter((entry) => !found.some((difference) => matches(difference, entry))),
    };
}

/** Differences for people, one a line. */
export function describe(found: readonly Difference[]): string {
    return found
        .map(
            ({ object, path, reference, live }) =>
                `${object}: ${path || "the object"}: ` +
                `reference ${brief(reference, live)}, live ${brief(live, reference)}`,
        )
        .join("\n");
}

const SHOWN = 200;

/** A value in one line; of a long text what stands around the place where it leaves the other one. */
function brief(value: unknown, other: unknown): string {
    if (value === undefined) return "nothing";
    if (typeof value !== "string" || typeof other !== "string" || value.length <= SHOWN)
        return JSON.stringify(value).slice(0, SHOWN);
    let at = 0;
    while (at < other.length && value[at] === other[at]) at += 1;
    return `…${JSON.stringify(value.slice(Math.max(0, at - SHOWN / 2), at + SHOWN / 2))}… (from character ${at})`;
}

function glob(pattern: string): RegExp {
    return new RegExp(
        `^${pattern
            .split("*")
            .map((part) => part.replace(/[.[\]()"+?^$|\\{}]/g, "\\$&"))
            .join(".*")}$`,
        "s",
    );
}

function join(path: string, key: string): string {
    if (!/^[A-Za-z_][\w]*$/.test(key)) return `${path}["${key}"]`;
    return path === "" ? key : `${path}.${key}`;
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
