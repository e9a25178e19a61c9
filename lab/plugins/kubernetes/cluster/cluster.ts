import { groupVersion, gvkOf, isCrd, builtinScope, type Gvk } from "../object/kinds";
import { nameOf, namespaceOf } from "../object/names";
import { text, type Tree } from "../object/tree";
import { Discovery, type Mapping } from "./discovery";
import { NoMatchError } from "./errors";
import type { HttpClient } from "./http";
import { Watches } from "./watch";

/** How the API server is to treat a write. */
export interface WriteOptions {
    fieldManager?: string | undefined;
    force?: boolean;
    /** check and default the object, but do not store it */
    dryRun?: boolean;
    fieldValidation?: "Warn" | "Strict" | "Ignore";
}

export type PatchType =
    | "application/apply-patch+yaml"
    | "application/json-patch+json"
    | "application/merge-patch+json"
    | "application/strategic-merge-patch+json";

/** One cluster: every kind that its API server serves, by one set of verbs. */
export class Cluster {
    readonly discovery: Discovery;
    readonly watches: Watches;
    /** CRDs that the program creates, so that the scope of their kinds is known before they exist */
    private readonly declaredScopes = new Map<string, string>();

    constructor(readonly http: HttpClient) {
        this.discovery = new Discovery(http);
        this.watches = new Watches(http);
    }

    /** The objects of the kind, in the namespace of the object given; "default" when it names none. */
    async objects(object: Tree): Promise<Objects> {
        return this.objectsOf(gvkOf(object), namespaceOf(object));
    }

    async objectsOf(gvk: Gvk, namespace: string): Promise<Objects> {
        return new Objects(this.http, await this.discovery.freshMapping(gvk), namespace || "default");
    }

    /** Remembers the scope of the kind that a CRD defines. */
    declareCrd(crd: Tree): void {
        if (!isCrd(crd)) return;
        const key = `${text(crd, "spec", "group")}/${text(crd, "spec", "names", "kind")}`;
        this.declaredScopes.set(key, text(crd, "spec", "scope"));
    }

    /**
     * Whether objects of the kind live in a namespace; undefined when nothing says so yet.
     * @param beside objects among which the kind's CRD may be
     */
    async isNamespaced(gvk: Gvk, beside: Tree[] = []): Promise<boolean | undefined> {
        const known = builtinScope(gvk) ?? crdScope(gvk, beside) ?? this.declaredScopes.get(`${gvk.group}/${gvk.kind}`);
        if (known) return known === "Namespaced";
        try {
            return (await this.discovery.mapping(gvk)).namespaced;
        } catch (error) {
            if (error instanceof NoMatchError) return undefined;
            throw error;
        }
    }
}

function crdScope(gvk: Gvk, objects: Tree[]): string | undefined {
    const crd = objects.find(
        (object) =>
            isCrd(object) &&
            text(object, "spec", "group") === gvk.group &&
            text(object, "spec", "names", "kind") === gvk.kind,
    );
    return crd && text(crd, "spec", "scope");
}

/** The objects of one kind, in one namespace if the kind has namespaces. */
export class Objects {
    /** the URL of the collection */
    readonly path: string;

    constructor(
        private readonly http: HttpClient,
        readonly mapping: Mapping,
        readonly namespace: string,
    ) {
        this.path = collectionPath(mapping, namespace);
    }

    get(name: string): Promise<Tree> {
        return this.call(this.object(name), {});
    }

    async list(): Promise<Tree[]> {
        return ((await this.call(this.path, {}))["items"] as Tree[] | undefined) ?? [];
    }

    create(object: Tree, options: WriteOptions): Promise<Tree> {
        return this.call(this.path, { method: "POST", body: object, query: queryOf(options) });
    }

    replace(object: Tree, options: WriteOptions): Promise<Tree> {
        return this.call(this.object(nameOf(object)), { method: "PUT", body: object, query: queryOf(options) });
    }

    patch(name: string, contentType: PatchType, body: unknown, options: WriteOptions): Promise<Tree> {
        return this.call(this.object(name), { method: "PATCH", contentType, body, query: queryOf(options) });
    }

    delete(name: string, propagationPolicy: string): Promise<Tree> {
        const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy };
        return this.call(this.object(name), { method: "DELETE", body });
    }

    private object(name: string): string {
        return `${this.path}/${encodeURIComponent(name)}`;
    }

    private async call(path: string, call: Parameters<HttpClient["json"]>[1]): Promise<Tree> {
        return (await this.http.json(path, call)) as Tree;
    }
}

export function collectionPath(mapping: Mapping, namespace: string): string {
    const root = mapping.gvk.group ? `/apis/${groupVersion(mapping.gvk)}` : `/api/${mapping.gvk.version}`;
    const scope = mapping.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
    return `${root}${scope}/${mapping.resource}`;
}

function queryOf(options: WriteOptions): Record<string, string | undefined> {
    return {
        fieldManager: options.fieldManager,
        force: options.force === undefined ? undefined : String(options.force),
        dryRun: options.dryRun ? "All" : undefined,
        fieldValidation: options.fieldValidation,
    };
}
