import { type ObjectMetadata, UserError } from "@istio-on-pulumi/kube";
import { STACK_LABEL } from "./marks";
import { findObjects, type PlannedObject } from "./objects";
import { ownerOf } from "./owner";
import { type Claims, type Holdings, sortHoldings } from "./ownership";
import type { ClusterSurvey } from "./survey";

/** A CustomResourceDefinition of the Gateway API that the cluster holds. */
export interface InstalledCrd {
    readonly name: string;
    /** Versions that the API server serves, such as `v1`. */
    readonly served: readonly string[];
    readonly annotations: Readonly<Record<string, string>>;
    /** Whether this program installed it, for this stack or for one that is gone. */
    readonly isOwn: boolean;
}

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
        gatewayApiCrds: await Promise.all(crds.map(([{ name }, metadata]) => readCrd(client, name, metadata))),
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
type Release = { readonly name: string; readonly namespace: string };

const keyOf = ({ name, namespace }: Release) => `${namespace}/${name}`;

/** Those of the Helm releases which the CRDs name that helm still has a record of. */
async function installedReleases(
    client: Client,
    held: readonly (readonly [PlannedObject, ObjectMetadata])[],
    own: string,
): Promise<ReadonlySet<string>> {
    const named = new Map<string, Release>();
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
export async function readRecords(client: Client, { name, namespace }: Release): Promise<readonly ObjectMetadata[]> {
    const selector = `owner=helm,name=${name}`;
    return (
        (await client.listMetadata(`/api/v1/namespaces/${namespace}/secrets`, { absent: [403, 404], selector })) ?? []
    );
}

async function readCrd(client: Client, name: string, { labels, annotations }: ObjectMetadata): Promise<InstalledCrd> {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
    const { spec } = await client.get<{ spec: { versions: { name: string; served: boolean }[] } }>(path);
    return {
        name,
        served: spec.versions.filter((version) => version.served).map((version) => version.name),
        annotations: annotations ?? {},
        isOwn: labels?.[STACK_LABEL] !== undefined,
    };
}
