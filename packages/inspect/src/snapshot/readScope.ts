import type * as Client from "@kubernetes/client-node";
import pMap from "p-map";
import { type ClusterClient, RefusedError } from "@istio-on-pulumi/kube";
import { listPermitted } from "./read";
import type { ConfigMaps, ScopeObjects } from "./snapshot";

/** Namespaces that are read at the same time, each with five lists. */
const AT_ONCE = 4;
const ABSENT = { absent: [404] };

/**
 * Reads what only the namespaces that are looked at are asked for. It changes nothing.
 *
 * @param namespaces "all" reads each kind once for the whole cluster
 * @param configMaps those to read, as `namespace/name`, whether or not they exist
 * @param refused kinds that this user may not read are added to it
 */
export async function readScope(
    client: ClusterClient,
    namespaces: Iterable<string> | "all",
    configMaps: readonly string[],
    refused: Set<string>,
): Promise<ScopeObjects> {
    const inEach = async <T>(api: string, kind: string): Promise<T[]> => {
        const forbidden: string[] = [];
        const lists = await pMap(
            namespaces === "all" ? [""] : [...namespaces].map((namespace) => `/namespaces/${namespace}`),
            (part) => listPermitted<T>(client, `${api}${part}`, kind, forbidden),
            { concurrency: AT_ONCE },
        );
        for (const each of forbidden) refused.add(each);
        return lists.flat();
    };
    const [replicaSets, statefulSets, daemonSets, jobs, budgets, data] = await Promise.all([
        inEach<Client.V1ReplicaSet>("/apis/apps/v1", "replicasets"),
        inEach<Client.V1StatefulSet>("/apis/apps/v1", "statefulsets"),
        inEach<Client.V1DaemonSet>("/apis/apps/v1", "daemonsets"),
        inEach<Client.V1Job>("/apis/batch/v1", "jobs"),
        inEach<Client.V1PodDisruptionBudget>("/apis/policy/v1", "poddisruptionbudgets"),
        readConfigMaps(client, configMaps, refused),
    ]);
    return {
        replicaSets: replicaSets.filter(
            ({ metadata }) => !metadata?.ownerReferences?.some(({ kind }) => kind === "Deployment"),
        ),
        statefulSets,
        daemonSets,
        jobs,
        budgets,
        configMaps: data,
    };
}

async function readConfigMaps(
    client: ClusterClient,
    keys: readonly string[],
    refused: Set<string>,
): Promise<ConfigMaps> {
    const read = await pMap(
        keys,
        async (key): Promise<[string, Record<string, string>][]> => {
            const path = `/api/v1/namespaces/${key.replace("/", "/configmaps/")}`;
            const map = await permitted(() => client.get<Client.V1ConfigMap>(path, ABSENT), "configmaps", refused);
            return map?.data ? [[key, map.data]] : [];
        },
        { concurrency: AT_ONCE },
    );
    return new Map(read.flat());
}

/** Events by which controllers say that they cannot create a pod; an API server keeps them for an hour. */
export async function readFailures(
    client: ClusterClient,
    namespaces: Iterable<string>,
    refused: Set<string>,
): Promise<Client.CoreV1Event[]> {
    const lists = await pMap(
        namespaces,
        (namespace) => {
            const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=reason%3DFailedCreate&limit=500`;
            return permitted(() => client.get<{ items: Client.CoreV1Event[] }>(path, ABSENT), "events", refused);
        },
        { concurrency: AT_ONCE },
    );
    return lists.flatMap((list) => list?.items ?? []);
}

async function permitted<T>(ask: () => Promise<T>, kind: string, refused: Set<string>): Promise<T | undefined> {
    try {
        return await ask();
    } catch (error) {
        if (!(error instanceof RefusedError && error.status === 403)) throw error;
        refused.add(kind);
        return undefined;
    }
}
