import { describe, expect, it } from "vitest";
import { joinServices, percent } from "../../src/join";
import { parseSave, readNat } from "../../src/nat";
import { emptySnapshot, gateway, NODE, pod, service } from "../../testing/cluster";
import { ruleSet } from "../../testing/rules";

import { codes, HASH, HOSTS, join, members, sentence, SEP, shop } from "./shop";

describe("a path that joins", () => {
    it("has no findings, and each endpoint its pod, version and container", () => {
        const { paths, findings } = join();
        expect(findings).toEqual([]);
        expect(paths).toHaveLength(1);
        expect(paths[0]).toMatchObject({
            namespace: "shop",
            service: "reviews",
            portName: "http",
            port: 9080,
            targetPort: "9080",
            type: "ClusterIP",
            family: "IPv4",
            chain: `KUBE-SVC-${HASH}`,
            masquerade: "from outside 10.244.0.0/16",
            lost: 0,
        });
        expect(paths[0]!.endpoints[2]).toMatchObject({
            address: "10.244.0.3",
            chain: SEP(3),
            current: true,
            pod: { namespace: "shop", name: "reviews-3", node: NODE, ready: true, version: "v3" },
            opens: { container: "app" },
        });
    });

    it("is looked at in the namespaces asked for only", () => {
        expect(join({ pods: [] }, { namespaces: new Set(["other"]) })).toEqual({ paths: [], findings: [] });
    });

    it("may be a Service that another proxy serves, or an external name", () => {
        const other = service({ name: "reviews" });
        other.metadata!.labels = { "service.kubernetes.io/service-proxy-name": "other" };
        const external = service({
            name: "reviews",
            clusterIP: undefined,
            clusterIPs: [],
            spec: { type: "ExternalName", clusterIP: undefined },
        });
        for (const services of [[other], [external]]) {
            expect(joinServices(readNat(parseSave(ruleSet([]))), { ...emptySnapshot, services })).toEqual({
                paths: [],
                findings: [],
            });
        }
    });

    it("may use some of the endpoints where hints keep them apart", () => {
        const endpoints = HOSTS.map((host) => ({
            address: `10.244.0.${host}`,
            pod: `reviews-${host}`,
            zone: `zone-${host}`,
        }));
        expect(codes({ slice: { endpoints }, rules: { endpoints: members([1]) } })).toEqual([]);
        expect(
            codes({ service: { spec: { trafficDistribution: "PreferSameZone" } }, rules: { endpoints: members([1]) } }),
        ).toEqual([]);
        expect(codes({ rules: { endpoints: members([1]) } })).toEqual(["nat/missing-endpoint", "nat/missing-endpoint"]);
    });

    it("may end at pods that are ending but still serve, if nobody else does", () => {
        const ending = { ready: false, serving: true, terminating: true };
        const endpoints = [{ address: "10.244.0.1", pod: "reviews-1", ...ending }];
        expect(codes({ slice: { endpoints }, rules: { endpoints: members([1]) } })).toEqual([]);
        expect(
            codes({
                slice: { endpoints: [...endpoints, { address: "10.244.0.2", pod: "reviews-2" }] },
                rules: { endpoints: members([1, 2]) },
            }),
        ).toEqual(["nat/stale-endpoint"]);
    });

    it("may end at a listener of the Gateway that the pod serves", () => {
        const own = pod({
            name: "reviews-1",
            ip: "10.244.0.1",
            ports: [15_021],
            labels: { app: "reviews", "gateway.networking.k8s.io/gateway-name": "front" },
        });
        const { snapshot, rules } = shop({
            pods: [own],
            rules: { endpoints: members([1]) },
            slice: { endpoints: [{ address: "10.244.0.1", pod: "reviews-1" }] },
        });
        const reading = readNat(parseSave(rules));
        const { paths, findings } = joinServices(reading, { ...snapshot, gateways: [gateway("front", [9080])] });
        expect(paths[0]!.endpoints[0]!.opens).toEqual({ listener: "shop/front listener-9080" });
        expect(findings).toEqual([]);
        expect(
            joinServices(reading, { ...snapshot, gateways: [gateway("front", [80])] }).findings.map(({ code }) => code),
        ).toEqual(["service/undeclared-port"]);
    });

    it("may end at addresses of no pod, in slices that somebody else wrote", () => {
        expect(
            codes({ pods: [], slice: { endpoints: HOSTS.map((host) => ({ address: `10.244.0.${host}` })) } }),
        ).toEqual([]);
    });
});

describe("a Service without endpoints", () => {
    const nobody = { slice: { endpoints: [] }, rules: { endpoints: [] } };

    it("says that its selector selects nothing", () => {
        expect(sentence({ ...nobody, pods: [] }, "service/no-endpoints")).toBe(
            "shop/reviews:http has no ready endpoint: its selector app=reviews selects no pod; until that is " +
                "mended, every connection to it fails.",
        );
    });

    it("says which pods are not ready, and why", () => {
        const pods = [pod({ name: "reviews-1", ip: "10.244.0.1", labels: { app: "reviews" }, ready: false })];
        expect(sentence({ ...nobody, pods }, "service/no-endpoints")).toContain(
            "none of the 1 pod that it selects is ready (reviews-1: container app is not ready)",
        );
    });

    it("says that no container declares the port of its name", () => {
        expect(
            sentence(
                { ...nobody, service: { ports: [{ name: "http", port: 9080, targetPort: "web" }] } },
                "service/no-endpoints",
            ),
        ).toContain(
            "no container of the pods that it selects (shop/reviews-1, shop/reviews-2 and shop/reviews-3) " +
                'declares a port named "web"',
        );
    });

    it("says that it has neither selector nor slices", () => {
        expect(sentence({ ...nobody, service: { selector: {} } }, "service/no-endpoints")).toContain(
            "it has no selector and no EndpointSlice holds an address for it",
        );
    });

    it("of a family that its pods do not have is worth a note where both families are only preferred", () => {
        const six = ruleSet([{ name: "shop/reviews:http", clusterIP: "fd00:96::a", port: 9080, endpoints: [] }], {
            family: "IPv6",
        });
        const findings = (ipFamilyPolicy: string) =>
            join({
                service: {
                    clusterIPs: ["10.96.0.10", "fd00:96::a"],
                    spec: { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy },
                },
                edit: (rules) => rules + six,
            }).findings;
        expect(findings("PreferDualStack").map(({ severity, code }) => [severity, code])).toEqual([
            ["note", "service/no-endpoints"],
        ]);
        expect(findings("RequireDualStack").map(({ severity, code }) => [severity, code])).toEqual([
            ["problem", "service/no-endpoints"],
        ]);
        expect(findings("RequireDualStack")[0]!.message).toContain(
            "shop/reviews:http has no ready endpoint for IPv6: none of the pods that it selects",
        );
    });

    it("says that ready pods are in no slice", () => {
        expect(sentence(nobody, "service/no-endpoints")).toContain(
            "no EndpointSlice of it holds the ready pods that it selects",
        );
    });

    it("and still with rules has stale endpoints", () => {
        expect(codes({ slice: { endpoints: [] }, pods: [] })).toEqual([
            "service/no-endpoints",
            ...HOSTS.map(() => "nat/stale-endpoint"),
        ]);
    });

    it("is found where it is headless, too", () => {
        const headless = { service: { clusterIP: "None" }, slice: { endpoints: [] }, rules: { endpoints: [] } };
        expect(codes({ ...headless, pods: [] })).toContain("service/no-endpoints");
        expect(join({ service: { clusterIP: "None" } }).findings.map(({ code }) => code)).toEqual([
            "nat/stale-service",
        ]);
    });
});

describe("percent", () => {
    it.each([
        [1, "100 %"],
        [1 / 3, "33.3 %"],
        [0.2, "20 %"],
        [0.0123, "1.23 %"],
        [0, "0 %"],
    ])("%d is %s", (share, text) => {
        expect(percent(share)).toBe(text);
    });
});
