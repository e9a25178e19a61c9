import { groupVersion, type Gvk } from "../object/kinds";
import { at, list, text } from "../object/tree";
import { NoMatchError } from "./errors";
import type { HttpClient } from "./http";

/** Where the API server serves a kind. */
export interface Mapping {
    gvk: Gvk;
    /** the plural in the URL, e.g. `deployments` */
    resource: string;
    namespaced: boolean;
}

export interface ServerVersion {
    gitVersion: string;
    major: string;
    minor: string;
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** What the API server serves. Read once, and again after {@link reset}. */
export class Discovery {
    private mappings: Promise<Map<string, Mapping>> | undefined;

    constructor(private readonly http: HttpClient) {}

    /** @throws NoMatchError when the server does not serve the kind */
    async mapping(gvk: Gvk): Promise<Mapping> {
        const found = (await this.load()).get(keyOf(gvk));
        if (!found) throw new NoMatchError(gvk);
        return found;
    }

    /** Like {@link mapping}, but asks the server again before giving up: a CRD may have come meanwhile. */
    async freshMapping(gvk: Gvk): Promise<Mapping> {
        try {
            return await this.mapping(gvk);
        } catch (error) {
            if (!(error instanceof NoMatchError)) throw error;
            this.reset();
            return this.mapping(gvk);
        }
    }

    async serves(gvk: Gvk): Promise<boolean> {
        return (await this.load()).has(keyOf(gvk));
    }

    /** Forget what was read. */
    reset(): void {
        this.mappings = undefined;
    }

    /** Every group version and kind, as Helm's capabilities name them. */
    async apiVersions(): Promise<string[]> {
        const names = new Set<string>();
        for (const { gvk } of (await this.load()).values()) {
            names.add(groupVersion(gvk));
            names.add(`${groupVersion(gvk)}/${gvk.kind}`);
        }
        return [...names];
    }

    async version(): Promise<ServerVersion> {
        return (await this.http.json("/version")) as ServerVersion;
    }

    /** @throws ConnectionError or ApiError when the server cannot be asked */
    load(): Promise<Map<string, Mapping>> {
        this.mappings ??= this.read().catch((error: unknown) => {
            this.mappings = undefined;
            throw error;
        });
        return this.mappings;
    }

    private async read(): Promise<Map<string, Mapping>> {
        const answers = await Promise.all(["/api", "/apis"].map((path) => this.http.json(path, { accept: AGGREGATED })));
        const mappings = new Map<string, Mapping>();
        for (const group of answers.flatMap((answer) => list(answer, "items"))) {
            for (const version of list(group, "versions")) addVersion(mappings, text(group, "metadata", "name"), version);
        }
        return mappings;
    }
}

function addVersion(mappings: Map<string, Mapping>, group: string, version: unknown): void {
    for (const resource of list(version, "resources")) {
        const gvk = { group, version: text(version, "version"), kind: text(resource, "responseKind", "kind") };
        mappings.set(keyOf(gvk), {
            gvk,
            resource: text(resource, "resource"),
            namespaced: at(resource, "scope") === "Namespaced",
        });
    }
}

function keyOf(gvk: Gvk): string {
    return `${gvk.group}/${gvk.version}/${gvk.kind}`;
}
