import { type ClusterClient, ISTIO_NAMESPACE, UserError } from "@istio-on-pulumi/kube";

/** The settings of Loki's volume. */
interface LokiSettings {
    readonly loki: boolean;
    readonly lokiStorageClass?: string;
    readonly lokiStorageSize: string;
}

/**
 * What Loki's volume is to be, and whether it is there: a bound claim holds the logs.
 *
 * @throws UserError where it cannot become what the settings want, and nothing would be left of its logs
 */
export async function surveyLokiStorage(
    client: ClusterClient,
    settings: LokiSettings,
): Promise<WantedStorage & { bound: boolean }> {
    const wanted = { className: settings.lokiStorageClass, size: settings.lokiStorageSize };
    if (!settings.loki) return { ...wanted, bound: false };
    const live = await readLokiStorage(client, wanted);
    checkLokiStorage(wanted, live, client.where);
    return { ...wanted, bound: live.claim?.bound ?? false };
}

/** What the settings want of Loki's volume. */
interface WantedStorage {
    /** StorageClass; `undefined` means the cluster's default. */
    readonly className?: string;
    /** A quantity such as `10Gi`. */
    readonly size: string;
}

/** Loki's claim in the cluster. */
interface Claim {
    readonly className?: string;
    /** What it asks for. */
    readonly size: string;
    /** What its volume has; `undefined` without one. */
    readonly capacity?: string;
    /** Whether it has a volume; then it holds the logs. */
    readonly bound: boolean;
}

/** A StorageClass of the cluster. */
interface StorageClass {
    readonly name: string;
    readonly isDefault: boolean;
    /** Whether volumes of it can grow. */
    readonly expands: boolean;
}

/** What the cluster says that decides on a change of Loki's volume. */
interface LokiStorage {
    readonly claim?: Claim;
    /** `undefined` where they do not matter, or may not be listed. */
    readonly classes?: readonly StorageClass[];
}

/** Given by the StatefulSet's controller: template, StatefulSet, number of the pod. */
const LOKI_CLAIM = "storage-loki-0";

interface PersistentVolumeClaim {
    spec: { storageClassName?: string; volumeName?: string; resources?: { requests?: { storage?: string } } };
    status?: { capacity?: { storage?: string } };
}

interface Class {
    metadata: { name: string; annotations?: Record<string, string> };
    allowVolumeExpansion?: boolean;
}

/** Reads Loki's claim, and the classes where the answer hangs on them: not for a bound claim that stays as it is. */
async function readLokiStorage(client: ClusterClient, wanted: WantedStorage): Promise<LokiStorage> {
    const path = `/api/v1/namespaces/${ISTIO_NAMESPACE}/persistentvolumeclaims/${LOKI_CLAIM}`;
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
 * Makes sure that the volume can be what the settings want, and that no log is lost for it.
 *
 * @param where names the cluster, to begin a sentence
 * @throws UserError where a bound claim would have to be replaced, or a new one would wait for ever
 */
function checkLokiStorage(wanted: WantedStorage, { claim, classes }: LokiStorage, where: string): void {
    const problem = claim?.bound ? whyNotChanged(wanted, claim, classes) : whyNotMade(wanted, classes);
    if (problem !== undefined) throw new UserError(`${where} ${problem}`);
}

/** Another volume would be an empty one, and what the old one holds is for its owner to copy or to give up. */
const NEW_VOLUME =
    "for an empty volume remove Loki with its logs first: pulumi config set loki false, pulumi up, pulumi config rm loki";

function whyNotChanged(wanted: WantedStorage, claim: Claim, classes: LokiStorage["classes"]): string | undefined {
    const held = `holds Loki's logs in a volume of ${claim.size}`;
    const ofClass = claim.className ? ` and StorageClass ${JSON.stringify(claim.className)}` : "";
    if (wanted.className !== undefined && wanted.className !== claim.className) {
        const keep = claim.className ? `set lokiStorageClass ${claim.className}` : "rm lokiStorageClass";
        return (
            `${held}${ofClass}, whose class cannot be changed to ${JSON.stringify(wanted.className)}; ` +
            `keep it with: pulumi config ${keep}; ${NEW_VOLUME}`
        );
    }
    const keep = `keep it with: pulumi config set lokiStorageSize ${claim.size}`;
    // A growth that failed may be taken back, though not below what the volume has.
    if (bytesOf(wanted.size) < bytesOf(claim.size) && bytesOf(wanted.size) < bytesOf(claim.capacity ?? claim.size)) {
        return `${held}${ofClass}, which cannot shrink to ${wanted.size}; ${keep}; ${NEW_VOLUME}`;
    }
    const cannotGrow = bytesOf(wanted.size) > bytesOf(claim.size) && !(classes === undefined || grows(claim, classes));
    return cannotGrow
        ? `${held}${ofClass}, which does not allow it to grow to ${wanted.size} (allowVolumeExpansion); ` +
              `${keep}; ${NEW_VOLUME}`
        : undefined;
}

function grows({ className }: Claim, classes: readonly StorageClass[]): boolean {
    return classes.some(({ name, expands }) => name === className && expands);
}

/** A claim without a class stays Pending until the update times out. */
function whyNotMade({ className }: WantedStorage, classes: LokiStorage["classes"]): string | undefined {
    if (classes?.some(({ name, isDefault }) => (className === undefined ? isDefault : name === className)) ?? true) {
        return undefined;
    }
    const problem =
        className === undefined ? "has no default StorageClass" : `has no StorageClass ${JSON.stringify(className)}`;
    const names = classes?.map(({ name }) => name).join(", ");
    return (
        `${problem} for the volume that Loki needs (${names ? `allowed: ${names}` : "it has none at all"}); ` +
        "choose one with: pulumi config set lokiStorageClass <name>, " +
        "or leave Loki out with: pulumi config set loki false"
    );
}

const UNITS = ["m", "", "k", "M", "G", "T", "P", "E"];

/** Bytes of a quantity, `0` of what is none. */
function bytesOf(quantity: string): number {
    const [, digits = "0", unit = "", binary] = /^([\d.]+(?:e\d+)?)([mkKMGTPE]?)(i?)$/.exec(quantity) ?? [];
    const power = UNITS.indexOf(unit === "K" ? "k" : unit) - 1;
    return Number(digits) * (binary ? 1024 : 1000) ** power;
}
