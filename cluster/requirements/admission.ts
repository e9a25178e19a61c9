import type { ClusterClient } from "@istio-on-pulumi/kube";

/** A pod that an update will have made, as far as admission looks at it. */
export interface PlannedPod {
    /** For the sentence, such as `Bookinfo's pods with their sidecars`. */
    readonly name: string;
    readonly namespace: string;
    readonly spec: object;
    /** What to do about a refusal. */
    readonly remedy: string;
    /** Whether the update gives the namespace the Pod Security level that the pod needs, before it makes the pod. */
    readonly bringsLevel?: boolean;
}

/**
 * Says why the API server would not let a pod in: it is asked, in a dry run.
 *
 * In a namespace that is not there yet nothing can be asked; there the namespace `default` answers for what holds
 * everywhere: a policy of the cluster, and the Pod Security that the API server was started with.
 */
export async function refusedPods(
    client: ClusterClient,
    pods: readonly PlannedPod[],
    exists: (namespace: string) => boolean,
): Promise<string[]> {
    const problems = await Promise.all(
        pods.map(async (pod) => {
            const namespace = exists(pod.namespace) ? pod.namespace : "default";
            const refusal = await dryRun(client, namespace, pod.spec);
            if (refusal === undefined || (pod.bringsLevel && refusal.includes(POD_SECURITY))) return [];
            if (namespace !== pod.namespace && (await isOfDefault(client, refusal))) return [];
            return [`the API server refuses ${pod.name} in namespace ${pod.namespace}: ${refusal}; ${pod.remedy}`];
        }),
    );
    return problems.flat();
}

const POD_SECURITY = "violates PodSecurity";

async function dryRun(client: ClusterClient, namespace: string, spec: object): Promise<string | undefined> {
    const { status, body } = await client.post(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
        apiVersion: "v1",
        kind: "Pod",
        // An injector that is there already must not put a second sidecar into it.
        metadata: { generateName: "admission-", labels: { "sidecar.istio.io/inject": "false" } },
        // Its account comes with the installation, and admission would ask for it first.
        spec: { ...spec, serviceAccountName: undefined, serviceAccount: undefined },
    });
    const message = (body as { message?: string }).message ?? "";
    // No answer about the pod: the user may not make pods, or a webhook knows no dry run, or Kubernetes is not ready
    // to make pods in a namespace that has just come to be.
    const isAboutPod = !/cannot create resource|dry run|looking up service account|cannot be created in/.test(message);
    // Who fails refuses nothing, unless it is a webhook without which no pod is let in.
    const fails = status === 429 || (status >= 500 && !/admission|webhook/.test(message));
    if (status < 400 || fails || !isAboutPod) return undefined;
    return message.replace(/^pods? "[^"]*" is forbidden: /, "").replace(/\.$/, "");
}

/** Whether a refusal is about the namespace `default` alone: its quotas, its limits, the level that its labels set. */
async function isOfDefault(client: ClusterClient, refusal: string): Promise<boolean> {
    if (!refusal.includes(POD_SECURITY)) return /quota|limit/i.test(refusal);
    const path = "/api/v1/namespaces/default";
    const namespace = await client.get<{ metadata: { labels?: Record<string, string> } }>(path, { absent: [403, 404] });
    return namespace?.metadata.labels?.["pod-security.kubernetes.io/enforce"] !== undefined;
}

/**
 * A container with Istio's istio-init before it and istio-proxy beside it, with what the demo profile asks for.
 *
 * @param securityContext the container's own
 */
export function sidecarPod(securityContext: object): object {
    const proxy = { image: "istio/proxyv2", resources: resources("10m", "40Mi", "2", "1Gi") };
    return {
        initContainers: [
            {
                ...proxy,
                name: "istio-init",
                securityContext: {
                    allowPrivilegeEscalation: false,
                    capabilities: { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] },
                    privileged: false,
                    readOnlyRootFilesystem: false,
                    runAsGroup: 0,
                    runAsNonRoot: false,
                    runAsUser: 0,
                },
            },
        ],
        containers: [
            { name: "application", image: "istio/examples-bookinfo", securityContext },
            {
                ...proxy,
                name: "istio-proxy",
                securityContext: {
                    allowPrivilegeEscalation: false,
                    capabilities: { drop: ["ALL"] },
                    privileged: false,
                    readOnlyRootFilesystem: true,
                    runAsGroup: 1337,
                    runAsNonRoot: true,
                    runAsUser: 1337,
                },
            },
        ],
    };
}

function resources(cpu: string, memory: string, cpuLimit: string, memoryLimit: string): object {
    return { requests: { cpu, memory }, limits: { cpu: cpuLimit, memory: memoryLimit } };
}
