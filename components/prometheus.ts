import { claim, type VolumeArgs } from "./claims";
import type { Manifest } from "./manifest";

/** Prometheus' volume, and how long it keeps metrics. */
export interface PrometheusArgs extends VolumeArgs {
    /**
     * How long metrics are kept, in hours, days or weeks such as `36h`, `15d` or `4w`.
     *
     * A change: restart of Prometheus, which loses its metrics without a volume; data: metrics older than that go.
     * @default upstream's, "15d"
     */
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

/**
 * The volume is one pod's: the old one goes before the next starts. Not `Recreate`, which the API refuses beside the
 * defaults that a Deployment of the other type already has.
 */
const ONE_AT_A_TIME = { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } };

/** Prometheus' objects as upstream has them, with a volume and a retention where they are asked for. */
export function prometheusObjects(
    objects: readonly Manifest[],
    { retention, ...volume }: PrometheusArgs,
): readonly Manifest[] {
    const hasVolume = volume.storageSize !== undefined;
    return objects.flatMap((object) => {
        if (object.kind !== "Deployment") return [object];
        const spec = object.spec as { template: { spec: PodSpec } };
        const { containers, ...pod } = spec.template.spec;
        const { volumes = [] } = pod;
        const { name, namespace, labels } = object.metadata;
        const changed = {
            ...pod,
            containers: containers.map((container) => keeping(container, retention)),
            ...(hasVolume && {
                volumes: volumes.map((each) =>
                    each.name === VOLUME ? { name: VOLUME, persistentVolumeClaim: { claimName: name } } : each,
                ),
                securityContext: { fsGroup: NOBODY },
            }),
        };
        const deployment = {
            ...object,
            spec: { ...spec, ...(hasVolume && ONE_AT_A_TIME), template: { ...spec.template, spec: changed } },
        };
        const accessModes = ["ReadWriteOnce"];
        return [...(hasVolume ? [claim({ name, namespace, labels }, { accessModes }, volume)] : []), deployment];
    });
}

function keeping<T extends { args?: string[] }>(container: T, retention: string | undefined): T {
    if (retention === undefined || !container.args?.some((arg) => arg.startsWith(RETENTION))) return container;
    return {
        ...container,
        args: container.args.map((arg) => (arg.startsWith(RETENTION) ? RETENTION + retention : arg)),
    };
}
