import { describe, expect, it } from "vitest";
import { kubeconfigText, type Reply, serveApi, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { type PlannedObject, surveyCluster } from "../../../cluster";
import { findObjects, pluralOf } from "../../../cluster/objects";

const part = "istio";
const NAMESPACE: PlannedObject = { apiVersion: "v1", kind: "Namespace", name: "istio-system", part };
const SERVICE: PlannedObject = { apiVersion: "v1", kind: "Service", namespace: "istio-system", name: "istiod", part };
const OTHER_SERVICE: PlannedObject = { ...SERVICE, name: "grafana" };
const ROLE: PlannedObject = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", name: "kiali", part };
const ROUTE: PlannedObject = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    namespace: "istio-system",
    name: "r",
    part,
};
const SERVICES = "/api/v1/namespaces/istio-system/services";

async function find(objects: readonly PlannedObject[], replies: Readonly<Record<string, Reply>>) {
    const api = await serveApi(replies);
    const { client } = await surveyCluster({ kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) });
    const found = await findObjects(client, objects);
    return { found: [...found.keys()], asked: api.asked.slice(2) };
}

const namespace = { "/api/v1/namespaces/istio-system": { body: { metadata: { name: "istio-system" } } } };

describe("findObjects", () => {
    it("tells what it finds in the order in which it is planned, whichever answer comes first", async () => {
        const planned = [SERVICE, ROLE, NAMESPACE];
        const { found } = await find(planned, {
            ...namespace,
            [SERVICES]: { items: [{ metadata: { name: "istiod" } }] },
            "/apis/rbac.authorization.k8s.io/v1/clusterroles": { items: [{ metadata: { name: "kiali" } }] },
        });
        // The Services are asked for once the namespace is there.
        expect(found).toEqual(planned);
    });

    it("asks for each kind once in a namespace that is there, and finds objects by their names", async () => {
        const { found, asked } = await find([NAMESPACE, SERVICE, OTHER_SERVICE, ROUTE], {
            ...namespace,
            [SERVICES]: { items: [{ metadata: { name: "grafana" } }, { metadata: { name: "of-others" } }] },
        });
        expect(found).toEqual([NAMESPACE, OTHER_SERVICE]);
        expect(asked.toSorted()).toEqual([
            "/api/v1/namespaces/istio-system",
            SERVICES,
            "/apis/gateway.networking.k8s.io/v1/namespaces/istio-system/httproutes",
        ]);
    });

    it("asks for nothing in a namespace that is not there", async () => {
        const roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
        const { found, asked } = await find([NAMESPACE, SERVICE, ROLE], {
            [roles]: { items: [{ metadata: { name: "kiali" } }] },
        });
        expect(found).toEqual([ROLE]);
        expect(asked.toSorted()).toEqual(["/api/v1/namespaces/istio-system", roles]);
    });
});

describe("pluralOf", () => {
    it.each([
        ["ServiceAccount", "serviceaccounts"],
        ["Gateway", "gateways"],
        ["Telemetry", "telemetries"],
        ["HTTPRoute", "httproutes"],
    ])("of %s is %s", (kind, plural) => {
        expect(pluralOf(kind)).toBe(plural);
    });
});
