import { type ClusterClient, ISTIO_NAMESPACE, UserError } from "@istio-on-pulumi/kube";

/** An addon's volume, for sentences and to be found. */
interface Volume {
    /** The addon, such as `Loki`. */
    readonly owner: string;
    /** What it holds, such as `logs`. */
    readonly data: string;
    /** Its claim in the namespace of Istio. */
    readonly claim: string;
    /** The group of its settings, such as `addons.loki`. */
    readonly group: string;
}

/** Given by the StatefulSet's controller: template, StatefulSet, number of the pod. */
export const LOKI_VOLUME: Volume = { owner: "Loki", data: "logs", claim: "storage-loki-0", group: "addons.loki" };
export const PROMETHEUS_VOLUME: Volume = {
    owner: "Prometheus",
    data: "metrics",
    claim: "prometheus",
    group: "addons.prometheus",
};

/** The settings of an addon with a volume. */
interface VolumeSettings {
    readonly enabled: boolean;
    readonly storageSize?: string;
    readonly storageClass?: string;
}

/**
 * Whether an addon is to have a volume that is not there yet: a bound claim holds data.
 *
 * @throws UserError where it cannot become what the settings want, and nothing would be left of its data
 */
export async function lacksVolume(
    client: ClusterClient,
    volume: Volume,
    { enabled, storageSize, storageClass }: VolumeSettings,
): Promise<boolean> {
    if (!enabled || storageSize === undefined) return false;
    const wanted = { size: storageSize, className: storageClass };
    const live = await readStorage(client, volume, wanted);
    checkStorage(volume, wanted, live, client.where);
    return !live.claim?.bound;
}

/** What the settings want of the volume. */
interface WantedStorage {
    /** StorageClass; `undefined` means the cluster's default. */
    readonly className?: string;
    /** A quantity such as `10Gi`. */
    readonly size: string;
}

/** The claim in the cluster. */
interface Claim {
    readonly className?: string;
    /** What it asks for. */
    readonly size: string;
    /** What its volume has; `undefined` without one. */
    readonly capacity?: string;
    /** Whether it has a volume; then it holds the data. */
    readonly bound: boolean;
}

/** A StorageClass of the cluster. */
interface StorageClass {
    readonly name: string;
    readonly isDefault: boolean;
    /** Whether volumes of it can grow. */
    readonly expands: boolean;
}

/** What the cluster says that decides on a change of the volume. */
interface LiveStorage {
    readonly claim?: Claim;
    /** `undefined` where they do not matter, or may not be listed. */
    readonly classes?: readonly StorageClass[];
}

interface PersistentVolumeClaim {
    spec: { storageClassName?: string; volumeName?: string; resources?: { requests?: { storage?: string } } };
    status?: { capacity?: { storage?: string } };
}

interface Class {
    metadata: { name: string; annotations?: Record<string, string> };
    allowVolumeExpansion?: boolean;
}

/** Reads the claim, and the classes where the answer hangs on them: not for a bound claim that stays as it is. */
async function readStorage(client: ClusterClient, volume: Volume, wanted: WantedStorage): Promise<LiveStorage> {
    const path = `/api/v1/namespaces/${ISTIO_NAMESPACE}/persistentvolumeclaims/${volume.claim}`;
    const live = await client.get<PersistentVolumeClaim>(path, { absent: [404] });
    const claim = live && {
        className: live.spec.storageClassName,
        size: live.spec.resources?.requests?.storage ?? "0",
        capacity: live.status?.capacity?.storage,
        bound: live.spec.volumeName !== undefined,
    };
    if (claim?.bound && bytesOf(wanted.size) <= bytesOf(claim.size)) return { claim };
    const classes = await client.list<Class>("/apis/storage.k8s.io/v1/storageclasses", { absent: [403] });
    return {
        claim,
        classes: classes?.map(({ metadata: { name, annotations }, allowVolumeExpansion = false }) => ({
            name,
            isDefault: annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
            expands: allowVolumeExpansion,
        })),
    };
}

/**
 * Makes sure that the volume can be what the settings want, and that no data is lost for it.
 *
 * @param where names the cluster, to begin a sentence
 * @throws UserError where a bound claim would have to be replaced, or a new one would wait for ever
 */
function checkStorage(volume: Volume, wanted: WantedStorage, { claim, classes }: LiveStorage, where: string): void {
    const problem = claim?.bound ? whyNotChanged(volume, wanted, claim, classes) : whyNotMade(volume, wanted, classes);
    if (problem !== undefined) throw new UserError(`${where} ${problem}`);
}

/** Another volume would be an empty one, and what the old one holds is for its owner to copy or to give up. */
function newVolume({ owner, data, group }: Volume): string {
    return (
        `for an empty volume remove ${owner} with its ${data} first: pulumi config set --path ${group}.enabled false, ` +
        `pulumi up, pulumi config rm --path ${group}.enabled`
    );
}

function whyNotChanged(
    volume: Volume,
    wanted: WantedStorage,
    claim: Claim,
    classes: LiveStorage["classes"],
): string | undefined {
    const { owner, data, group } = volume;
    const held = `holds ${owner}${owner.endsWith("s") ? "'" : "'s"} ${data} in a volume of ${claim.size}`;
    const ofClass = claim.className ? ` and StorageClass ${JSON.stringify(claim.className)}` : "";
    if (wanted.className !== undefined && wanted.className !== claim.className) {
        const keep = claim.className
            ? `set --path ${group}.storageClass ${claim.className}`
            : `rm --path ${group}.storageClass`;
        return (
            `${held}${ofClass}, whose class cannot be changed to ${JSON.stringify(wanted.className)}; ` +
            `keep it with: pulumi config ${keep}; ${newVolume(volume)}`
        );
    }
    const keep = `keep it with: pulumi config set --path ${group}.storageSize ${claim.size}`;
    // A growth that failed may be taken back, though not below what the volume has.
    if (bytesOf(wanted.size) < bytesOf(claim.size) && bytesOf(wanted.size) < bytesOf(claim.capacity ?? claim.size)) {
        return `${held}${ofClass}, which cannot shrink to ${wanted.size}; ${keep}; ${newVolume(volume)}`;
    }
    const cannotGrow = bytesOf(wanted.size) > bytesOf(claim.size) && !(classes === undefined || grows(claim, classes));
    return cannotGrow
        ? `${held}${ofClass}, which does not allow it to grow to ${wanted.size} (allowVolumeExpansion); ` +
              `${keep}; ${newVolume(volume)}`
        : undefined;
}

function grows({ className }: Claim, classes: readonly StorageClass[]): boolean {
    return classes.some(({ name, expands }) => name === className && expands);
}

/** A claim without a class stays Pending until the update times out. */
function whyNotMade(
    { owner, group }: Volume,
    { className }: WantedStorage,
    classes: LiveStorage["classes"],
): string | undefined {
    if (classes?.some(({ name, isDefault }) => (className === undefined ? isDefault : name === className)) ?? true) {
        return undefined;
    }
    const problem =
        className === undefined ? "has no default StorageClass" : `has no StorageClass ${JSON.stringify(className)}`;
    const names = classes?.map(({ name }) => name).join(", ");
    return (
        `${problem} for the volume that ${owner} needs (${names ? `allowed: ${names}` : "it has none at all"}); ` +
        `choose one with: pulumi config set --path ${group}.storageClass <name>, ` +
        `or leave ${owner} out with: pulumi config set --path ${group}.enabled false`
    );
}

const UNITS = ["m", "", "k", "M", "G", "T", "P", "E"];

/** Bytes of a quantity, `0` of what is none. */
function bytesOf(quantity: string): number {
    const [, digits = "0", unit = "", binary] = /^([\d.]+(?:e\d+)?)([mkKMGTPE]?)(i?)$/.exec(quantity) ?? [];
    const power = UNITS.indexOf(unit === "K" ? "k" : unit) - 1;
    return Number(digits) * (binary ? 1024 : 1000) ** power;
}
