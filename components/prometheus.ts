import { type AddonStorage, claim } from "./claims";
import type { Manifest } from "./manifest";

export interface PrometheusArgs {
    /** Its volume. @default none: a restart loses the metrics */
    storage?: AddonStorage;
    /** How long metrics are kept, such as `15d`. @default what upstream has */
    retention?: string;
}

interface PodSpec {
    containers: { args?: string[] }[];
    volumes?: { name: string; emptyDir?: object }[];
}

const RETENTION = "--storage.tsdb.retention.time=";
/** Of the metrics, in upstream's pod. */
const VOLUME = "storage-volume";
/** The user `nobody` as which its image runs, and who must be able to write to the volume. */
const NOBODY = 65534;

/** Prometheus' objects as upstream has them, with a volume and a retention where they are asked for. */
export function prometheusObjects(
    objects: readonly Manifest[],
    { storage, retention }: PrometheusArgs,
): readonly Manifest[] {
    return objects.flatMap((object) => {
        if (object.kind !== "Deployment") return [object];
        const spec = object.spec as { template: { spec: PodSpec } };
        const { containers, ...pod } = spec.template.spec;
        const { volumes = [] } = pod;
        const { name, namespace, labels } = object.metadata;
        const changed = {
            ...pod,
            containers: containers.map((container) => keeping(container, retention)),
            ...(storage && {
                volumes: volumes.map((volume) =>
                    volume.name === VOLUME ? { name: VOLUME, persistentVolumeClaim: { claimName: name } } : volume,
                ),
                securityContext: { fsGroup: NOBODY },
            }),
        };
        const deployment = { ...object, spec: { ...spec, template: { ...spec.template, spec: changed } } };
        const volume = storage && claim({ name, namespace, labels }, { accessModes: ["ReadWriteOnce"] }, storage);
        return [...(volume ? [volume] : []), deployment];
    });
}

function keeping<T extends { args?: string[] }>(container: T, retention: string | undefined): T {
    if (retention === undefined || !container.args?.some((arg) => arg.startsWith(RETENTION))) return container;
    return {
        ...container,
        args: container.args.map((arg) => (arg.startsWith(RETENTION) ? RETENTION + retention : arg)),
    };
}
