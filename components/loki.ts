import { parseDocument } from "yaml";
import { claim, type VolumeArgs } from "./claims";
import { changedConfig, type Manifest } from "./manifest";

/** Loki's volume, and how long it keeps logs. */
export interface LokiArgs extends VolumeArgs {
    /**
     * How long logs are kept, a day at least, in hours, days or weeks such as `36h`, `30d` or `4w`.
     *
     * A change: restart of Loki; data: logs older than that are deleted.
     * @default for ever
     */
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
export function lokiObjects(objects: readonly Manifest[], { retention, ...volume }: LokiArgs): Manifest[] {
    return changedConfig(objects, "loki", (text) => withRetention(text, retention)).flatMap((object) => {
        if (object.kind !== "StatefulSet") return [object];
        const spec = object.spec as { volumeClaimTemplates?: ClaimTemplate[] };
        const claims = spec.volumeClaimTemplates?.map((template) => claimOf(object, template, volume)) ?? [];
        if (claims.length === 0) return [object];
        const policy = { whenDeleted: "Retain", whenScaled: "Retain" };
        return [...claims, { ...object, spec: { ...spec, persistentVolumeClaimRetentionPolicy: policy } }];
    });
}

/** The claim as the StatefulSet's controller would make it for the first pod, of the wanted size and class. */
function claimOf(statefulSet: Manifest, template: ClaimTemplate, volume: VolumeArgs): Manifest {
    const { name, namespace } = statefulSet.metadata;
    const { selector } = statefulSet.spec as { selector?: { matchLabels?: Record<string, string> } };
    const metadata = {
        name: `${template.metadata.name}-${name}-0`,
        namespace,
        labels: selector?.matchLabels,
    };
    return claim(metadata, template.spec, { storageSize: "10Gi", ...volume });
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
