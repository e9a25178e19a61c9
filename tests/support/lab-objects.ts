import type { Lab } from "./lab";

/**
 * A Kubernetes object as `kubectl -o json` prints it. Tests look into it freely: what is missing fails the comparison.
 * Where
 * the kind is known, `getOne<V1Pod>` and the like give the client library's type.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- objects of all kinds are compared field by field
export type KubeObject = { apiVersion: string; kind: string; metadata: Metadata } & Record<string, any>;

interface Metadata {
    name: string;
    namespace?: string;
    uid: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp: string;
    deletionTimestamp?: string;
    generation?: number;
    managedFields?: { manager: string; operation: string; fieldsV1: unknown }[];
    [field: string]: unknown;
}

/** Kinds that a quiet cluster makes and changes by itself, or that only mirror others. */
const RESTLESS = [
    "events",
    "events.events.k8s.io",
    "componentstatuses",
    "endpoints",
    "endpointslices.discovery.k8s.io",
    "ipaddresses.networking.k8s.io",
];

/** The objects that `kubectl get <args> -o json` finds; none where they do not exist. */
export async function getAll<T = KubeObject>(lab: Lab, ...args: string[]): Promise<T[]> {
    const text = await lab.output(["kubectl", "get", ...args, "--ignore-not-found", "-o", "json"]);
    if (text.trim() === "") return [];
    const found = JSON.parse(text) as { kind: string; items?: T[] };
    return found.kind.endsWith("List") && found.items ? found.items : [found as T];
}

/** The one object that `kubectl get <args> -o json` finds. @throws Error if there is none, or more than one. */
export async function getOne<T = KubeObject>(lab: Lab, ...args: string[]): Promise<T> {
    const found = await getAll<T>(lab, ...args);
    const [one, ...others] = found;
    if (one === undefined || others.length > 0)
        throw new Error(`kubectl get ${args.join(" ")} found ${found.length} objects, not one`);
    return one;
}

/** The live objects of a manifest, given as a text. */
export async function getManifest(lab: Lab, manifest: string, namespace = "default"): Promise<KubeObject[]> {
    const text = await lab.output(["kubectl", "get", "--namespace", namespace, "-f", "-", "-o", "json"], {
        input: manifest,
    });
    const found = JSON.parse(text) as KubeObject;
    return found.kind === "List" ? (found.items as KubeObject[]) : [found];
}

/** Every object of the cluster but the restless ones, by what {@link keyOf} says. */
export async function snapshot(lab: Lab): Promise<Map<string, KubeObject>> {
    const kinds = (await lab.output(["kubectl", "api-resources", "--verbs=list", "--cached=false", "-o", "name"]))
        .trim()
        .split("\n");
    const objects = await getAll(lab, kinds.filter((kind) => !RESTLESS.includes(kind)).join(","), "--all-namespaces");
    return byKey(objects);
}

/**
 * A snapshot of a cluster that has come to rest: its controllers make objects of their own for a while after a start.
 */
export async function snapshotAtRest(lab: Lab): Promise<Map<string, KubeObject>> {
    let before: string | undefined;
    const objects = await eventually(
        () => snapshot(lab),
        (now) => {
            const keys = [...now.keys()].sort().join("\n");
            const same = keys === before;
            before = keys;
            return same;
        },
        "the cluster comes to rest",
        { everyMs: 3000 },
    );
    return objects;
}

export function byKey(objects: readonly KubeObject[]): Map<string, KubeObject> {
    return new Map(objects.map((object) => [keyOf(object), object]));
}

/** Names an object for people, such as `Deployment.apps istio-system/istiod` or `Namespace istio-system`. */
export function keyOf({ apiVersion, kind, metadata }: KubeObject): string {
    const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
    return `${kind}${group} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
}

/** Waits until `ready` holds of what `read` gives; polls, and on giving up shows the last value. */
export async function eventually<T>(
    read: () => Promise<T>,
    ready: (value: T) => boolean,
    what: string,
    { limitMs = 60_000, everyMs = 500 } = {},
): Promise<T> {
    const end = Date.now() + limitMs;
    for (;;) {
        const value = await read();
        if (ready(value)) return value;
        if (Date.now() > end)
            throw new Error(
                `${what}: not within ${limitMs / 1000} s; ` +
                    `the last state was ${JSON.stringify(value, undefined, 2)?.slice(0, 4000)}`,
            );
        await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
}
