import { type ObjectMetadata, UserError } from "@istio-on-pulumi/kube";
import { type InstalledCrd, readCrd } from "./gatewayApi";
import { findObjects, type PlannedObject } from "./objects";
import { ownerOf, type ReleaseName } from "./owner";
import { type Claims, type Holdings, sortHoldings } from "./ownership";
import type { ClusterSurvey } from "./survey";

/** What the cluster holds of the planned objects, once it is known that nothing of it is somebody else's. */
export interface ClusterHoldings extends Holdings {
    readonly gatewayApiCrds: readonly InstalledCrd[];
    /** Whether an object is there; `name` is as kubectl has it, such as `Deployment istio-system/istiod`. */
    readonly holds: (kind: string, name: string, namespace?: string) => boolean;
}

/**
 * Looks for the planned objects and makes sure that those which exist may be the stack's.
 *
 * @throws UserError where one is somebody else's, is being deleted, or a namespace that should exist does not
 */
export async function readHoldings(
    { client }: ClusterSurvey,
    planned: readonly PlannedObject[],
    claims: Omit<Claims, "isInstalled">,
): Promise<ClusterHoldings> {
    const found = await findObjects(client, planned);
    const held = [...found];
    checkNamespaces(client.where, claims.existingNamespaces, held);
    const installed = await installedReleases(client, held, claims.baseRelease.name);
    const holdings = sortHoldings(client.where, found, {
        ...claims,
        isInstalled: (release) => installed.has(keyOf(release)),
    });
    const crds = held.filter(([{ kind, part }]) => kind === "CustomResourceDefinition" && part === "gatewayApi");
    return {
        ...holdings,
        // Whichever stack made them: they outlive it.
        gatewayApiCrds: (await Promise.all(crds.map(([{ name }]) => readCrd(client, name, () => true)))).filter(
            (crd) => crd !== undefined,
        ),
        holds: (kind, name, namespace) =>
            held.some(([o]) => o.kind === kind && o.name === name && o.namespace === namespace),
    };
}

function checkNamespaces(
    where: string,
    existing: readonly string[],
    held: readonly (readonly [PlannedObject, ObjectMetadata])[],
) {
    const missing = existing.filter((name) => !held.some(([o]) => o.kind === "Namespace" && o.name === name));
    if (missing.length > 0) {
        throw new UserError(
            `${where} has no namespace ${missing.join(", ")}, which namespaces.existing names; make it first with: ` +
                `kubectl create namespace ${missing[0]}, or let the stack make it with: pulumi config rm --path namespaces.existing`,
        );
    }
}

type Client = ClusterSurvey["client"];

const keyOf = ({ name, namespace }: ReleaseName) => `${namespace}/${name}`;

/** Those of the Helm releases which the CRDs name that helm still has a record of. */
async function installedReleases(
    client: Client,
    held: readonly (readonly [PlannedObject, ObjectMetadata])[],
    own: string,
): Promise<ReadonlySet<string>> {
    const named = new Map<string, ReleaseName>();
    for (const [{ kind, part }, metadata] of held) {
        const { release } = ownerOf(metadata);
        if (kind === "CustomResourceDefinition" && part === "istio" && release && release.name !== own) {
            named.set(keyOf(release), release);
        }
    }
    const records = await Promise.all(
        [...named].map(async ([key, release]) => ((await readRecords(client, release)).length > 0 ? [key] : [])),
    );
    return new Set(records.flat());
}

/** Helm's records of a release, one Secret for each revision; none where this user may not see them. */
export async function readRecords(
    client: Client,
    { name, namespace }: ReleaseName,
): Promise<readonly ObjectMetadata[]> {
    const selector = `owner=helm,name=${name}`;
    return (
        (await client.listMetadata(`/api/v1/namespaces/${namespace}/secrets`, { absent: [403, 404], selector })) ?? []
    );
}
