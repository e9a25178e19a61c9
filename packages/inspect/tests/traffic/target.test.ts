import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { GATEWAY_LABEL } from "../../src/mesh/pods";
import { findScope } from "../../src/mesh/scope";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import { findTarget, parseUrl } from "../../src/traffic/target";
import { node, service } from "../../testing/cluster";
import { mesh, route } from "../../testing/mesh";
import { pattern } from "../../testing/pattern";

/** The mesh of the tests with the Service of its Gateway. */
function snapshot(over: Partial<ClusterSnapshot> = {}, type: "NodePort" | "ClusterIP" = "NodePort"): ClusterSnapshot {
    const base = mesh();
    const front = service({
        name: "front-istio",
        clusterIP: "10.96.0.20",
        selector: { [GATEWAY_LABEL]: "front" },
        ports: [
            { name: "status-port", port: 15_021, ...(type === "NodePort" && { nodePort: 31_021 }) },
            { name: "http", port: 80, ...(type === "NodePort" && { nodePort: 30_080 }) },
        ],
    });
    return { ...base, services: [...base.services, front], ...over };
}
const find = (of: ClusterSnapshot, options: Parameters<typeof findTarget>[2] = {}) =>
    findTarget(of, findScope(of), options);
const OUTPUTS = [
    {
        name: "productpage",
        service: "front-istio",
        namespace: "shop",
        ports: [{ name: "http", port: 80, nodePort: 30_080, url: "http://10.0.0.1:30080/productpage" }],
    },
];
const GATEWAY = { namespace: "shop", name: "front-istio" };

describe("what is asked", () => {
    it("is the node port of the Gateway that leads to productpage", () => {
        expect(find(snapshot())).toEqual({
            url: "http://10.0.0.1:30080/productpage",
            found: "by the Service shop/front-istio of the Gateway shop/front",
            gateway: GATEWAY,
            nodePort: { port: 30_080, service: GATEWAY, portName: "http" },
            node: "node-1",
        });
    });

    it("is the URL of the outputs before that, and the one that is named before both", () => {
        expect(find(snapshot(), { described: OUTPUTS })).toMatchObject({
            url: "http://10.0.0.1:30080/productpage",
            found: "as the stack's outputs name it",
            gateway: GATEWAY,
            nodePort: { port: 30_080 },
        });
        expect(find(snapshot(), { described: OUTPUTS, url: "http://shop.test/productpage" })).toEqual({
            url: "http://shop.test/productpage",
            found: "as --url names it",
            gateway: GATEWAY,
        });
        expect(
            find(snapshot(), { described: [{ ...OUTPUTS[0]!, ports: [{ name: "http", port: 80 }] }] }).found,
        ).toContain("by the Service");
    });

    it("is asked at the node whose counters are read", () => {
        const second = { ...node("node-2"), status: { addresses: [{ type: "InternalIP", address: "fd00::2" }] } };
        expect(find(snapshot({ nodes: [node(), second] }), { node: "node-2" })).toMatchObject({
            url: "http://[fd00::2]:30080/productpage",
            node: "node-2",
        });
        expect(find(snapshot({ nodes: [node(), second] }))).toMatchObject({ node: "node-1" });
    });

    it("is the load balancer where there is no node port", () => {
        const of = snapshot({}, "ClusterIP");
        const balanced = of.services.map((each) =>
            each.metadata?.name === "front-istio"
                ? {
                      ...each,
                      spec: { ...each.spec, type: "LoadBalancer" },
                      status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } },
                  }
                : each,
        );
        const found = find({ ...of, services: balanced });
        expect(found).toMatchObject({ url: "http://192.0.2.7/productpage", gateway: GATEWAY });
        expect(found.nodePort).toBeUndefined();
    });

    it.each<[string, () => ClusterSnapshot, RegExp]>([
        [
            "no Gateway leads there",
            () => snapshot({ routes: [] }),
            pattern(
                /^No Gateway leads to productpage in the namespaces looked at: name its URL with --url <url>, or its /,
                /namespace with --namespace <name>\.$/,
            ),
        ],
        [
            "there is no way in",
            () => snapshot({}, "ClusterIP"),
            pattern(
                /^The Service shop\/front-istio is of type ClusterIP and has neither a node port nor a load /,
                /balancer's address: .* name it with --url <url>\.$/,
            ),
        ],
        [
            "no node tells its address",
            () => snapshot({ nodes: [] }),
            pattern(
                /^The node port 30080 of shop\/front-istio is known, but no node's address: name the URL with --url /,
                /http:\/\/<node>:30080\/productpage$/,
            ),
        ],
        [
            "the Gateway has no Service",
            () => mesh(),
            /^The Gateway shop\/front has no Service: its controller has made none\.$/,
        ],
        [
            "only some hosts are led there",
            () =>
                snapshot({
                    routes: [
                        {
                            ...route("bookinfo", "front", "productpage"),
                            spec: { ...route("bookinfo", "front", "productpage").spec, hostnames: ["shop.test"] },
                        },
                    ],
                }),
            pattern(
                /^The Gateway shop\/front leads to productpage for the hosts shop\.test only: name the URL with /,
                /--url <url>\.$/,
            ),
        ],
        [
            "two Gateways lead there",
            () =>
                snapshot({
                    gateways: [
                        ...mesh().gateways,
                        { ...mesh().gateways[0]!, metadata: { namespace: "shop", name: "back" } },
                    ],
                    routes: [route("a", "front", "productpage"), route("b", "back", "productpage")],
                }),
            /^Several Gateways lead to productpage \(shop\/front and shop\/back\): name one's namespace/,
        ],
    ])("is one sentence of advice where %s", (_, of, message) => {
        expect(() => find(of())).toThrow(message);
        expect(() => find(of())).toThrow(UserError);
    });
});

describe("a URL as a user writes it", () => {
    it.each([
        ["http://10.0.0.1:30080", "http://10.0.0.1:30080/productpage"],
        ["http://10.0.0.1:30080/", "http://10.0.0.1:30080/"],
        ["https://shop.test/productpage?u=test#top", "https://shop.test/productpage?u=test"],
        ["http://[fd00::1]:30080/productpage", "http://[fd00::1]:30080/productpage"],
        ["10.0.0.1:30080/productpage", undefined],
        ["ftp://10.0.0.1/", undefined],
        ["http://user@10.0.0.1/", undefined],
        ["http://:secret@10.0.0.1/", undefined],
        ["", undefined],
    ])("%j is read as %j", (text, url) => {
        expect(parseUrl(text)).toBe(url);
    });
});
