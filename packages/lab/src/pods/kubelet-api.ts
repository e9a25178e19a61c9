import type {
    CoreV1Api,
    KubeConfig,
    V1Pod,
    V1PodStatus,
    V1ServiceAccountTokenProjection,
} from "@kubernetes/client-node";
import { reasonOf } from "@istio-on-pulumi/kube";
import { NODE_NAME } from "../control-plane/addresses";
import type { Lookup } from "./environment";

const DEFAULT_TOKEN_S = 3600;
/** A token is renewed when this share of its life is over. */
const RENEW_AT = 0.8;

const codeOf = (error: unknown) => (error as { code?: number }).code;

/** What the lab's node does in the API for one pod, with the rights of a node. */
export class KubeletApi {
    private readonly tokens = new Map<string, { token: string; renewAt: number }>();

    private constructor(
        private readonly core: CoreV1Api,
        private readonly patchOptions: unknown,
    ) {}

    static async create(config: KubeConfig): Promise<KubeletApi> {
        const { CoreV1Api, PatchStrategy, setHeaderOptions } = await import("@kubernetes/client-node");
        return new KubeletApi(
            config.makeApiClient(CoreV1Api),
            setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
        );
    }

    /** Pods on the lab's node. */
    list() {
        return this.core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${NODE_NAME}` });
    }

    /** Reads ConfigMaps and Secrets of the pod's namespace; a Secret's values are decoded. */
    lookup(pod: V1Pod): Lookup {
        const namespace = pod.metadata?.namespace ?? "";
        return async (kind, name) => {
            try {
                if (kind === "ConfigMap") {
                    const { data, binaryData } = await this.core.readNamespacedConfigMap({ namespace, name });
                    return { ...data, ...decoded(binaryData) };
                }
                return decoded((await this.core.readNamespacedSecret({ namespace, name })).data);
            } catch (error) {
                if (codeOf(error) === 404) return undefined;
                throw error;
            }
        };
    }

    /** A token of the pod's service account, bound to the pod; the same one until it should be renewed. */
    async token(pod: V1Pod, projection: V1ServiceAccountTokenProjection): Promise<string> {
        const key = `${pod.metadata?.uid} ${projection.audience ?? ""}`;
        const held = this.tokens.get(key);
        if (held && Date.now() < held.renewAt) return held.token;
        const { status } = await this.core.createNamespacedServiceAccountToken({
            namespace: pod.metadata?.namespace ?? "",
            name: pod.spec?.serviceAccountName ?? "default",
            body: {
                apiVersion: "authentication.k8s.io/v1",
                kind: "TokenRequest",
                spec: {
                    audiences: projection.audience ? [projection.audience] : [],
                    expirationSeconds: projection.expirationSeconds ?? DEFAULT_TOKEN_S,
                    boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod.metadata?.name, uid: pod.metadata?.uid },
                },
            },
        });
        const token = status?.token ?? "";
        const lifeMs = status ? new Date(status.expirationTimestamp).getTime() - Date.now() : 0;
        this.tokens.set(key, { token, renewAt: Date.now() + lifeMs * RENEW_AT });
        return token;
    }

    /** Reports the pod's status; a pod that is gone, or another of the same name, is left alone. */
    async reportStatus(pod: V1Pod, status: V1PodStatus): Promise<void> {
        const { namespace = "", name = "", uid } = pod.metadata ?? {};
        try {
            await this.core.patchNamespacedPodStatus(
                { namespace, name, body: { metadata: { uid }, status } },
                this.patchOptions as never,
            );
        } catch (error) {
            if (codeOf(error) !== 404 && codeOf(error) !== 409) throw error;
        }
    }

    /** Removes the pod from the API, as a kubelet does when its processes have ended. */
    async deletePod(pod: V1Pod): Promise<void> {
        const { namespace = "", name = "", uid } = pod.metadata ?? {};
        try {
            // All in the body: the API server ignores the query of a request that has one.
            await this.core.deleteNamespacedPod({
                namespace,
                name,
                body: { gracePeriodSeconds: 0, preconditions: { uid } },
            });
        } catch (error) {
            if (codeOf(error) !== 404 && codeOf(error) !== 409) throw error;
        }
    }

    /** Makes an event of the pod. Events are a help for people: one that fails is only noted. */
    async event(pod: V1Pod, type: "Normal" | "Warning", reason: string, message: string): Promise<void> {
        const { namespace = "", name = "", uid } = pod.metadata ?? {};
        const now = new Date();
        try {
            await this.core.createNamespacedEvent({
                namespace,
                body: {
                    metadata: { generateName: `${name}.`, namespace },
                    involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name, uid },
                    type,
                    reason,
                    message,
                    source: { component: "lab", host: NODE_NAME },
                    firstTimestamp: now,
                    lastTimestamp: now,
                    count: 1,
                },
            });
        } catch (error) {
            console.error(`event ${reason} of pod ${namespace}/${name}: ${reasonOf(error)}`);
        }
    }
}

function decoded(data: Record<string, string> | undefined): Record<string, string> {
    return Object.fromEntries(
        Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
    );
}
