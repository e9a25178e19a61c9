import { describe, expect, it } from "vitest";
import { findScope } from "../../src/mesh/scope";
import { describeTopology } from "../../src/mesh/topology";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import { pod, service } from "../../testing/cluster";
import { injected, mesh, route } from "../../testing/mesh";

function topology(over: (snapshot: ClusterSnapshot) => Partial<ClusterSnapshot> = () => ({})) {
    const snapshot = { ...mesh(), ...over(mesh()) };
    return describeTopology(snapshot, findScope(snapshot));
}

describe("the topology", () => {
    it("has gateways with their listeners and routes, Services and their workloads in versions", () => {
        const { gateways, services } = topology();
        expect(gateways).toMatchObject([
            {
                namespace: "shop",
                name: "front",
                className: "istio",
                programmed: true,
                listeners: [{ name: "listener-80", port: 80, protocol: "HTTP" }],
                routes: [
                    {
                        name: "bookinfo",
                        matches: ["exact /productpage"],
                        backends: [{ service: "shop/productpage", port: 9080, weight: 1 }],
                        accepted: true,
                    },
                ],
            },
        ]);
        expect(
            services.map(({ name, workloads }) => [
                name,
                workloads.map(({ name: of, version, proxied, pods, ready }) => [of, version, proxied, pods, ready]),
            ]),
        ).toEqual([
            ["productpage", [["productpage-v1", "v1", true, 1, 1]]],
            [
                "reviews",
                [
                    ["reviews-v1", "v1", true, 1, 1],
                    ["reviews-v2", "v2", true, 1, 1],
                    ["reviews-v3", "v3", true, 1, 1],
                ],
            ],
        ]);
    });

    it("ties the Service of a Gateway to it, with its node ports, and shows it once", () => {
        const front = service({
            name: "front-istio",
            ports: [{ name: "http", port: 80, nodePort: 30_080 }],
            selector: { "gateway.networking.k8s.io/gateway-name": "front" },
        });
        const { gateways, services } = topology(({ services: own }) => ({ services: [...own, front] }));
        expect(gateways[0]!.service).toMatchObject({
            name: "front-istio",
            type: "NodePort",
            ports: [{ name: "http", port: 80, nodePort: 30_080 }],
        });
        expect(services.map(({ name }) => name)).toEqual(["productpage", "reviews"]);
    });

    it("keeps what stands beside the control plane apart", () => {
        const { addons } = topology(({ services, pods }) => ({
            services: [...services, service({ namespace: "istio-system", name: "kiali" })],
            pods: [...pods, pod({ namespace: "istio-system", name: "kiali-1", labels: { app: "kiali" } })],
        }));
        expect(addons).toMatchObject([
            { name: "istiod", headless: true },
            { name: "kiali", workloads: [{ name: "kiali-1", proxied: false, pods: 1 }] },
        ]);
    });

    it("shows a workload with a pod that has no sidecar, or is not ready, as it is", () => {
        const { services } = topology(({ pods }) => ({
            pods: [
                ...pods.slice(0, 3),
                pod({ name: "reviews-v2", labels: { app: "reviews" } }),
                injected({ name: "reviews-v3", labels: { app: "reviews" }, ready: false }),
            ],
        }));
        expect(services[1]!.workloads.map(({ proxied, ready }) => [proxied, ready])).toEqual([
            [true, 1],
            [false, 1],
            [true, 0],
        ]);
    });

    it("says that a Gateway is not programmed and why, and that a route is not accepted", () => {
        const { gateways } = topology(({ gateways: [front] }) => ({
            gateways: [
                { ...front!, status: { conditions: [{ type: "Programmed", status: "False", message: "no address" }] } },
            ],
            routes: [route("bookinfo", "front", "productpage", false)],
        }));
        expect(gateways[0]).toMatchObject({ programmed: false, reason: "no address", routes: [{ accepted: false }] });
    });

    it("leaves out namespaces that are none of the mesh", () => {
        expect(
            topology(({ services }) => ({
                services: [...services, service({ namespace: "default", name: "kubernetes" })],
            })).services.map(({ name }) => name),
        ).not.toContain("kubernetes");
    });
});
