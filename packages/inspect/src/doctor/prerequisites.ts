import type * as Client from "@kubernetes/client-node";
import { type ClusterClient, GATEWAY_API_GROUP } from "@istio-on-pulumi/kube";
import type { Connection } from "../snapshot/connect";
import { ISTIO_GROUP, NEEDED_PERMISSIONS, VERBS } from "./facts";

export interface CrdFacts {
    readonly name: string;
    readonly served: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    /** Who last applied it, by the API server's records. */
    readonly managers: readonly string[];
}

/** What decides whether an install can succeed; read only. `undefined` where this user may not see it. */
export interface Prerequisites {
    readonly version: string;
    /** What the user may not do, as `create clusterroles.rbac.authorization.k8s.io`. */
    readonly denied: readonly string[];
    /** CRDs of Istio and the Gateway API. */
    readonly crds?: readonly CrdFacts[];
    readonly storageClasses?: readonly { readonly name: string; readonly isDefault: boolean }[];
}

/** Managers that change a CRD's status or are part of the API server itself. */
const NOT_OWNERS = /^(kube-apiserver|kube-controller-manager|pilot-discovery)$/;

export async function readPrerequisites({ client, version }: Connection): Promise<Prerequisites> {
    const absent = { absent: [403] };
    const [denied, crds, classes] = await Promise.all([
        readDenied(client),
        client.list<Client.V1CustomResourceDefinition>(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            absent,
        ),
        client.list<Client.V1StorageClass>("/apis/storage.k8s.io/v1/storageclasses", absent),
    ]);
    return {
        version,
        denied,
        ...(crds && {
            crds: crds
                .filter(({ spec }) => spec.group === GATEWAY_API_GROUP || spec.group.endsWith(ISTIO_GROUP))
                .map(describeCrd),
        }),
        ...(classes && {
            storageClasses: classes.map(({ metadata }) => ({
                name: metadata?.name ?? "",
                isDefault: metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
            })),
        }),
    };
}

function describeCrd({ metadata, spec }: Client.V1CustomResourceDefinition): CrdFacts {
    return {
        name: metadata?.name ?? "",
        served: spec.versions.filter(({ served }) => served).map(({ name }) => name),
        labels: metadata?.labels ?? {},
        annotations: metadata?.annotations ?? {},
        managers: managersOf(metadata),
    };
}

/** Who made or applied an object, by its managed fields. */
export function managersOf(metadata: Client.V1ObjectMeta | undefined): string[] {
    const names = (metadata?.managedFields ?? [])
        .filter(({ subresource, manager }) => !subresource && manager && !NOT_OWNERS.test(manager))
        .map(({ manager }) => manager!);
    return [...new Set(names)];
}

/** Asks once for everything, and one by one only where that is denied. */
async function readDenied(client: ClusterClient): Promise<string[]> {
    const may = async (verb: string, group: string, resource: string): Promise<boolean> => {
        const review = await client.create<Client.V1SelfSubjectAccessReview>(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            { spec: { resourceAttributes: { verb, group, resource } } },
        );
        return review.status?.allowed ?? false;
    };
    if (await may("*", "*", "*")) return [];
    const questions = NEEDED_PERMISSIONS.flatMap(([group, resource]) =>
        VERBS.map((verb) => [verb, group, resource] as const),
    );
    const answers = await Promise.all(questions.map(async (question) => [question, await may(...question)] as const));
    return answers
        .filter(([, allowed]) => !allowed)
        .map(([[verb, group, resource]]) => `${verb} ${group === "" ? resource : `${resource}.${group}`}`);
}
