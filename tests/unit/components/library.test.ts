import * as k8s from "@pulumi/kubernetes";
import { beforeEach, describe, expect, it } from "vitest";
import { CRDS, kubeconfigText, type Replies, serveApi } from "@istio-on-pulumi/kube/testing";
import {
    Addons,
    Bookinfo,
    GatewayApiCrds,
    IngressGateway,
    IstioControlPlane,
    MeshInspection,
    MutualTls,
    Tracing,
} from "../../../components";
import { gatewayApiCrdNames } from "../../../upstream";
import { type Answer, Recording, withoutProvider } from "../../support/mocks";
import { serveUpstream } from "../../support/upstream";

const CRD_NAMES = gatewayApiCrdNames("v1.2.1");

/** The Service that is only read is there. */
const ANSWERS: Readonly<Record<string, Answer>> = {
    "kubernetes:core/v1:Service": ({ kind, name }) =>
        kind === "read" ? { outputs: { metadata: { name, namespace: "istio-sample" }, spec: { ports: [] } } } : {},
    "command:local:Command": () => ({ outputs: { stdout: '{"ok":true,"findings":[]}' } }),
};
const CHART = "kubernetes:helm.sh/v4:Chart";

beforeEach(() => void serveUpstream());

/** All that a cluster can have of the library. */
function wholeMesh(name: string, provider: k8s.Provider): void {
    const gatewayApi = new GatewayApiCrds(`${name}-gateway-api`, { install: "always", installed: [] }, { provider });
    const istio = new IstioControlPlane(`${name}-istio`, {}, { provider, dependsOn: [gatewayApi] });
    const inMesh = { provider, dependsOn: [istio] };
    new Tracing(`${name}-tracing`, {}, inMesh);
    new MutualTls(`${name}-mtls`, {}, inMesh);
    const bookinfo = new Bookinfo(`${name}-bookinfo`, {}, inMesh);
    const gateway = new IngressGateway(
        `${name}-gateway`,
        { namespace: bookinfo.namespace, nodePort: 30080, routes: [bookinfo.route] },
        { provider, dependsOn: [gatewayApi, istio] },
    );
    const addons = new Addons(`${name}-addons`, { kiali: { access: "token" } }, inMesh);
    const namespaces = [istio.namespace, bookinfo.namespace];
    new MeshInspection(`${name}-inspection`, { context: name, namespaces }, { dependsOn: [bookinfo, gateway, addons] });
}

describe("a program with two clusters", () => {
    it("has every component for each: no two URNs are one, and each object goes to its own cluster", async () => {
        const recording = await Recording.start({ answers: ANSWERS });
        for (const name of ["east", "west"]) wholeMesh(name, new k8s.Provider(name, {}));
        await recording.settled();
        const { registrations } = recording;
        // Type, parents and name: what an URN is made of.
        const urns = registrations.map(({ type, parent, name }) => `${parent}$${type}::${name}`);
        expect(urns.filter((urn, index) => urns.indexOf(urn) !== index)).toEqual([]);
        expect(withoutProvider(registrations)).toEqual([]);

        const objectsOf = (cluster: string) =>
            registrations
                .filter(({ type, kind }) => type.startsWith("kubernetes:") && kind !== "component")
                .filter(
                    ({ provider, providers, kind }) =>
                        (kind === "remote" ? providers.kubernetes : provider) === cluster,
                )
                .map(({ type, name }) => `${type}::${name}`);
        const [east, west] = [objectsOf("east"), objectsOf("west")];
        expect(east.length).toBeGreaterThan(40);
        expect(east.filter((object) => !object.includes("::east-"))).toEqual([]);
        expect(west.sort()).toEqual(east.map((object) => object.replaceAll("east", "west")).sort());
        const components = registrations.filter(({ type }) => type.startsWith("istio-on-pulumi:index:"));
        expect(new Set(components.map(({ type }) => type)).size).toBe(8);
        expect(components).toHaveLength(16);
    });
});

describe("the smallest use", () => {
    async function smallest(replies: Replies) {
        const api = await serveApi(replies);
        const recording = await Recording.start({ answers: ANSWERS });
        const provider = new k8s.Provider("cluster", { kubeconfig: kubeconfigText({ own: api.url }) });
        const gatewayApi = new GatewayApiCrds("a", {}, { provider });
        new IstioControlPlane("a", { values: { replicaCount: 2 } }, { provider, dependsOn: [gatewayApi] });
        await recording.settled();
        const crds = recording.ofType("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition");
        return { recording, api, crds: crds.map(({ name }) => name) };
    }

    it("is the CRDs and a control plane with values of the chart; upstream's files are found by themselves", async () => {
        const { recording, crds } = await smallest({});
        expect(crds).toEqual(CRD_NAMES.map((name) => `a-${name}`));
        expect(recording.one(CHART, "a-istiod")).toMatchObject({
            inputs: { values: { profile: "demo", replicaCount: 2 } },
            providers: { kubernetes: "cluster" },
        });
    });

    it("looks at the cluster of its provider, and leaves the CRDs that it has alone", async () => {
        const held = (name: string) => ({
            body: { metadata: { name }, spec: { versions: [{ name: "v1", served: true }] } },
        });
        const paths = CRD_NAMES.map((name) => [`${CRDS}/${name}`, held(name)] as const);
        const { api, crds } = await smallest(Object.fromEntries(paths));
        expect(crds).toEqual([]);
        expect([...api.asked].sort()).toEqual(paths.map(([path]) => path).sort());
        expect(api.headers.authorization).toBe("Bearer token-of-own");
    });
});
