import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    type ApiServer,
    kubeconfigText,
    type Replies,
    startApi,
    STORAGE_CLASSES,
    storageClasses,
    VERSION,
    writeKubeconfig,
} from "@istio-on-pulumi/kube/testing";
import type { ClusterSnapshot } from "../src/snapshot/snapshot";

/** An API server that knows the lists, versions and reviews that the inspections ask for. */
export interface FakeApi extends ApiServer {
    /** Path of a kubeconfig for it. */
    readonly kubeconfig: string;
    /** What this user may not do, as `create namespaces`. */
    readonly denied: Set<string>;
}

/** Starts an API server that holds a snapshot's objects. */
export async function fakeApi(snapshot: ClusterSnapshot): Promise<FakeApi> {
    const denied = new Set<string>();
    const replies: Replies = {
        [VERSION]: { body: { gitVersion: "v1.31.0", major: "1", minor: "31" } },
        [STORAGE_CLASSES]: storageClasses({ standard: "true" }),
        "/api/v1/namespaces": { items: snapshot.namespaces },
        "/api/v1/pods": { items: snapshot.pods },
        "/api/v1/services": { items: snapshot.services },
        "/api/v1/nodes": { items: snapshot.nodes },
        "/apis/discovery.k8s.io/v1/endpointslices": { items: snapshot.endpointSlices },
        "/apis/apps/v1/deployments": { items: snapshot.deployments },
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": { items: snapshot.webhooks },
        "/apis/gateway.networking.k8s.io/v1/gateways": { items: snapshot.gateways },
        "/apis/gateway.networking.k8s.io/v1/httproutes": { items: snapshot.routes },
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": { items: [] },
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": (body) => review(body as AccessReview, denied),
    };
    const api = await startApi(replies);
    const dir = mkdtempSync(join(tmpdir(), "inspect-"));
    const kubeconfig = writeKubeconfig(kubeconfigText({ fake: api.url }), dir);
    const { stop } = api;
    return Object.assign(api, {
        kubeconfig,
        denied,
        stop: async () => {
            await stop();
            rmSync(dir, { recursive: true });
        },
    });
}

interface AccessReview {
    readonly spec: { readonly resourceAttributes: { readonly verb: string; readonly resource: string } };
}

/** Who may not do something may not do everything either. */
function review({ spec: { resourceAttributes } }: AccessReview, denied: ReadonlySet<string>) {
    const { verb, resource } = resourceAttributes;
    const allowed = denied.size === 0 || (verb !== "*" && !denied.has(`${verb} ${resource}`));
    return { body: { spec: {}, status: { allowed } } };
}
