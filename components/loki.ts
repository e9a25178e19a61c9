import { parseDocument } from "yaml";
import { type AddonStorage, claim } from "./claims";
import { changedConfig, type Manifest } from "./manifest";

export interface LokiArgs {
    /** Its volume. @default upstream's, which goes with its StatefulSet */
    storage?: AddonStorage;
    /** How long logs are kept, such as `30d`. @default for ever */
    retention?: string;
}

interface ClaimTemplate {
    metadata: { name: string };
    spec: object;
}

/**
 * Loki's objects as upstream has them, with the claim of its volume as an object of its own.
 *
 * A StatefulSet's claim templates cannot be changed, so that another size would replace the StatefulSet, and upstream's
 * policy deletes the claim with it. The StatefulSet takes a claim that has the name which it would give, and keeps it.
 */
export function lokiObjects(objects: readonly Manifest[], { storage, retention }: LokiArgs): Manifest[] {
    return changedConfig(objects, "loki", (text) => withRetention(text, retention)).flatMap((object) => {
        if (object.kind !== "StatefulSet" || storage === undefined) return [object];
        const spec = object.spec as { volumeClaimTemplates?: ClaimTemplate[] };
        const claims = spec.volumeClaimTemplates?.map((template) => claimOf(object, template, storage)) ?? [];
        if (claims.length === 0) return [object];
        const policy = { whenDeleted: "Retain", whenScaled: "Retain" };
        return [...claims, { ...object, spec: { ...spec, persistentVolumeClaimRetentionPolicy: policy } }];
    });
}

/** The claim as the StatefulSet's controller would make it for the first pod, of the wanted size and class. */
function claimOf(statefulSet: Manifest, template: ClaimTemplate, storage: AddonStorage): Manifest {
    const { name, namespace } = statefulSet.metadata;
    const { selector } = statefulSet.spec as { selector?: { matchLabels?: Record<string, string> } };
    const metadata = {
        name: `${template.metadata.name}-${name}-0`,
        namespace,
        labels: selector?.matchLabels,
    };
    return claim(metadata, template.spec, storage);
}

/** Nothing is deleted unless the compactor is told to: "Retention" in Loki's documentation, storage `filesystem`. */
function withRetention(text: string, retention: string | undefined): string {
    if (retention === undefined) return text;
    const config = parseDocument(text);
    config.setIn(["limits_config", "retention_period"], retention);
    config.setIn(["compactor", "retention_enabled"], true);
    config.setIn(["compactor", "delete_request_store"], "filesystem");
    return config.toString({ lineWidth: 0 });
}
