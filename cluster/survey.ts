import type * as Client from "@kubernetes/client-node";
import { type ClusterReference, loadKubeconfig, makeAsk } from "@istio-on-pulumi/kube";

/** A CustomResourceDefinition that the cluster holds. */
export interface InstalledCrd {
    readonly name: string;
    /** Versions that the API server serves, such as `v1`. */
    readonly served: readonly string[];
    readonly annotations: Readonly<Record<string, string>>;
}

/** What the program must know of the cluster before it can say what it wants of it. Read only. */
export interface ClusterSurvey {
    /** The context in use, also where the user named none. */
    readonly context: string;
    /** The API server's version, such as `v1.33.1`. */
    readonly kubernetesVersion: string;
    /** Those of the CustomResourceDefinitions asked for that exist. */
    readonly crds: readonly InstalledCrd[];
    /** InternalIP of the first node by name; `undefined` where nodes may not be listed or have none. */
    readonly nodeAddress?: string;
    /** The storage classes; `undefined` where they may not be listed. */
    readonly storageClasses?: { readonly names: readonly string[]; readonly hasDefault: boolean };
}

const WAYS_TO_NAME = { kubeconfig: "pulumi config set kubeconfig <path>", context: "pulumi config set context <name>" };

const ask = makeAsk({
    timeLimit: 15_000,
    rights: "administer the cluster",
    ways: WAYS_TO_NAME,
});

/**
 * Looks at the cluster that `reference` names.
 *
 * @param crdNames full names of the CustomResourceDefinitions to look for
 * @throws UserError where the cluster cannot be reached or refuses the user
 */
export async function surveyCluster(reference: ClusterReference, crdNames: readonly string[]): Promise<ClusterSurvey> {
    const config = await loadKubeconfig(reference, WAYS_TO_NAME);
    const k8s = await import("@kubernetes/client-node");
    const { currentContext } = config;
    const where = `The cluster of context ${JSON.stringify(currentContext)} (${config.getCurrentCluster()?.server})`;
    // The version first and alone: an unreachable cluster is then one failure with one sentence, not five.
    const version = await ask(where, config.makeApiClient(k8s.VersionApi).getCode());
    const [crds, nodeAddress, storageClasses] = await Promise.all([
        Promise.all(crdNames.map((name) => readCrd(where, config.makeApiClient(k8s.ApiextensionsV1Api), name))),
        readNodeAddress(where, config.makeApiClient(k8s.CoreV1Api)),
        readStorageClasses(where, config.makeApiClient(k8s.StorageV1Api)),
    ]);
    return {
        context: currentContext,
        kubernetesVersion: version.gitVersion,
        crds: crds.filter((crd) => crd !== undefined),
        nodeAddress,
        storageClasses,
    };
}

async function readCrd(where: string, api: Client.ApiextensionsV1Api, name: string): Promise<InstalledCrd | undefined> {
    const crd = await ask(where, api.readCustomResourceDefinition({ name }), [404]);
    return (
        crd && {
            name,
            served: crd.spec.versions.filter((version) => version.served).map((version) => version.name),
            annotations: crd.metadata?.annotations ?? {},
        }
    );
}

async function readNodeAddress(where: string, api: Client.CoreV1Api): Promise<string | undefined> {
    const nodes = await ask(where, api.listNode(), [403]);
    const byName =
        nodes?.items.toSorted((a, b) => (a.metadata?.name ?? "").localeCompare(b.metadata?.name ?? "")) ?? [];
    return byName.flatMap((node) => node.status?.addresses ?? []).find((address) => address.type === "InternalIP")
        ?.address;
}

async function readStorageClasses(where: string, api: Client.StorageV1Api): Promise<ClusterSurvey["storageClasses"]> {
    const list = await ask(where, api.listStorageClass(), [403]);
    return (
        list && {
            names: list.items.map((item) => item.metadata?.name ?? ""),
            hasDefault: list.items.some(
                (item) => item.metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
            ),
        }
    );
}
