import type { V1PersistentVolumeSpec } from "@kubernetes/client-node";
import type { Lab } from "./lab";
import { untilAnswered } from "./lab-load";
import { eventually, type KubeObject, snapshot } from "./lab-objects";
import type { Stack } from "./lab-stack";

/** Kinds whose objects controllers make, under names of their own. */
const GENERATED = /^(Pod|ReplicaSet|ControllerRevision|Lease|PodMetrics|Event)\b/;

/** What a stack is to be like, whatever happened on the way there: as after an operation that nobody interrupted. */
export class Upheld {
    private readonly reference = new Map<"up" | "down", readonly string[]>();

    constructor(
        private readonly lab: Lab,
        private readonly stack: Stack,
    ) {}

    /** Takes the cluster as it is for what is meant to be there. */
    async learn(state: "up" | "down"): Promise<void> {
        this.reference.set(state, await this.objects());
    }

    /** What is not as it is meant to be; empty if all is. */
    async wrong(state: "up" | "down"): Promise<string[]> {
        const found = [await this.wrongObjects(state), await this.wrongState(state)];
        if (state === "up") {
            const { code, stdout } = await this.stack.attempt(["preview", "--expect-no-changes"]);
            if (code !== 0) found.push([`a preview shows changes: ${stdout.slice(-500)}`]);
            const { productpageUrl } = await this.stack.outputs<{ productpageUrl: string }>();
            found.push(await untilAnswered(productpageUrl).then(NOTHING, (error: Error) => [error.message]));
        }
        return found.flat();
    }

    private async wrongObjects(state: "up" | "down"): Promise<string[]> {
        const meant = this.reference.get(state)!;
        const compared = async () => {
            const there = await this.objects();
            return [
                ...there.filter((key) => !meant.includes(key)).map((key) => `${key} is left over`),
                ...meant.filter((key) => !there.includes(key)).map((key) => `${key} is missing`),
            ];
        };
        return eventually(compared, (found) => found.length === 0, "objects").catch(compared);
    }

    private async wrongState(state: "up" | "down"): Promise<string[]> {
        const resources = await this.stack.resources();
        const pending = await this.stack.pending();
        const named = resources.map(({ type, urn, id }) => (id === undefined ? urn : `${type} ${id}`));
        const twice = named.filter((name, index) => named.indexOf(name) !== index);
        return [
            ...twice.map((name) => `${name} is twice in the state`),
            ...(pending > 0 ? [`${pending} operations are pending`] : []),
            ...(state === "down" && resources.length > 0 ? [`${resources.length} resources are in the state`] : []),
        ];
    }

    private async objects(): Promise<string[]> {
        const found = [...(await snapshot(this.lab))].filter(([key]) => !GENERATED.test(key));
        return [...new Set(found.map(([key, object]) => lastingName(key, object)))];
    }
}

/** Helm numbers its Secrets by the release's revision, and a volume's name is its claim's uid. */
function lastingName(key: string, { kind, spec }: KubeObject): string {
    if (kind !== "PersistentVolume") return key.replace(/(sh\.helm\.release\..*)\.v\d+$/, "$1");
    const { namespace, name } = (spec as V1PersistentVolumeSpec).claimRef!;
    return `PersistentVolume of ${namespace}/${name}`;
}

const NOTHING = () => [];
