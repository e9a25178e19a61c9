import { type ObjectMetadata, UserError } from "@istio-on-pulumi/kube";
import { STACK_LABEL, USED_BY_LABEL } from "./marks";
import { nameOf, type Part, type PlannedObject } from "./objects";
import { type Owner, ownerOf, type ReleaseName } from "./owner";

/** What is said about objects: whose they may be. */
export interface Claims {
    /** The stack's identity; `undefined` before its first update, when nothing can be its own. */
    readonly stack?: string;
    /** Namespaces that somebody else made and the user lets the stack use. */
    readonly existingNamespaces: readonly string[];
    /** The Helm release of chart `base`, whose objects Helm marks. */
    readonly baseRelease: ReleaseName;
    /** Whether a Helm release is installed; CRDs outlive theirs. */
    readonly isInstalled: (release: ReleaseName) => boolean;
}

/** Whose the planned objects are that the cluster holds already. */
export interface Holdings {
    /** CRDs that another tool manages and that are left to it, by their names. */
    readonly managedCrds: readonly string[];
    /** Namespaces of somebody else that the stack uses. */
    readonly usedNamespaces: readonly string[];
}

interface Refused {
    readonly object: PlannedObject;
    readonly owner: Owner;
}

/**
 * Sorts what the cluster holds of the planned objects into the stack's own and everybody else's.
 *
 * CRDs are the cluster's rather than a stack's: those that no tool manages are taken over, the others left to theirs.
 * @throws UserError that names all objects of others, each with its owner and the way out
 */
export function sortHoldings(
    where: string,
    found: ReadonlyMap<PlannedObject, ObjectMetadata>,
    claims: Claims,
): Holdings {
    const marked = [...found].some(
        ([object, metadata]) =>
            object.kind === "Namespace" && object.name === claims.baseRelease.namespace && isMarked(metadata, claims),
    );
    const managedCrds: string[] = [];
    const usedNamespaces: string[] = [];
    const ending: PlannedObject[] = [];
    const refused: Refused[] = [];
    for (const [object, metadata] of found) {
        const owner = ownerOf(metadata);
        const isOurs = metadata.labels?.[STACK_LABEL] === claims.stack && claims.stack !== undefined;
        if (metadata.deletionTimestamp !== undefined) {
            ending.push(object);
        } else if (object.kind === "CustomResourceDefinition") {
            if (object.part === "istio" && isManaged(owner, claims)) managedCrds.push(object.name);
        } else if (object.kind === "Namespace" && !isOurs && claims.existingNamespaces.includes(object.name)) {
            usedNamespaces.push(object.name);
        } else if (!isOurs && !(marked && isBaseRelease(owner, claims))) {
            refused.push({ object, owner });
        }
    }
    if (ending.length > 0) {
        throw new UserError(
            `${where} is still deleting ${ending.map(nameOf).join(", ")}; try again when that is done. ` +
                "What holds it up is in its status: kubectl get <kind> <name> -o yaml",
        );
    }
    if (refused.length > 0) throw new UserError(refusal(where, refused));
    return { managedCrds, usedNamespaces };
}

/** Whether a namespace is the stack's, or is used by it. */
function isMarked({ labels }: ObjectMetadata, { stack }: Claims): boolean {
    return stack !== undefined && (labels?.[STACK_LABEL] === stack || labels?.[USED_BY_LABEL] === stack);
}

function isBaseRelease({ release }: Owner, { baseRelease }: Claims): boolean {
    return release?.name === baseRelease.name && release.namespace === baseRelease.namespace;
}

/** Stacks keep their CRDs on `destroy`, and so do most charts: one whose stack or release is gone has no owner. */
function isManaged(owner: Owner, claims: Claims): boolean {
    if (owner.release !== undefined) return !isBaseRelease(owner, claims) && claims.isInstalled(owner.release);
    return owner.manages && !owner.name.startsWith("another");
}

function refusal(where: string, refused: readonly Refused[]): string {
    const groups = new Map<string, Refused[]>();
    for (const each of refused) {
        const key = `${each.owner.name}\n${each.object.part}\n${each.object.kind === "Namespace"}`;
        groups.set(key, [...(groups.get(key) ?? []), each]);
    }
    const lines = [...groups.values()].map((group) => {
        const [{ owner, object }] = group as [Refused];
        const names = group.map((each) => nameOf(each.object)).join(", ");
        return `  ${names}, by ${owner.name}: ${waysOut(owner, object)}`;
    });
    const stacks = new Set(refused.flatMap(({ owner }) => owner.stack ?? []));
    return [
        `${where} holds ${refused.length === 1 ? "an object" : `${refused.length} objects`} that this stack would ` +
            "create and that somebody else made; nothing was changed.",
        ...lines,
        ...[...stacks].map(
            (stack) =>
                `  If the state of ${stack} is lost, this stack takes over what that one made, with: ` +
                `pulumi config set --path cluster.stackIdentity ${stack}`,
        ),
    ].join("\n");
}

/** What the user may do about an object: have its owner take it away, or let the stack do without it. */
function waysOut(owner: Owner, { kind, name, namespace, part }: PlannedObject): string {
    const place = namespace === undefined ? "" : ` -n ${namespace}`;
    const removal = owner.removal ?? (owner.manages ? undefined : `kubectl delete ${kind} <name>${place}`);
    if (kind === "Namespace") {
        const isMovable = part === "bookinfo" || part === "gateway";
        const other = isMovable ? `choose another with: pulumi config set --path ${part}.namespace <name>` : undefined;
        const use = `use it as it is with: pulumi config set --path 'namespaces.existing[0]' ${name}`;
        return [use, other].filter(Boolean).join("; or ");
    }
    return `${removal === undefined ? "remove it there" : `remove with: ${removal}`}${without(part)}`;
}

function without(part: Part): string {
    switch (part) {
        case "istio":
            return " (a cluster takes one Istio)";
        case "gatewayApi":
            return "";
        case "bookinfo":
        case "gateway":
            return `; or choose another namespace with: pulumi config set --path ${part}.namespace <name>`;
        default:
            return `; or leave ours out with: pulumi config set --path addons.${part}.enabled false`;
    }
}
