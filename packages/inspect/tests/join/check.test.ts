import { describe, expect, it } from "vitest";
import { joinServices } from "../../src/join";
import { parseSave, readNat } from "../../src/nat";
import { pod } from "../../testing/cluster";

import { codes, HASH, HOSTS, join, members, sentence, SEP, shop, without } from "./shop";

describe("rules that do not join", () => {
    it("send traffic to an endpoint that is gone", () => {
        const over = {
            slice: { endpoints: [1, 2].map((host) => ({ address: `10.244.0.${host}`, pod: `reviews-${host}` })) },
        };
        expect(join(over).findings).toEqual([
            {
                severity: "problem",
                code: "nat/stale-endpoint",
                subject: "shop/reviews:http",
                message:
                    `shop/reviews:http still sends 33.3 % of its connections to 10.244.0.3:9080 (${SEP(3)}), which ` +
                    "no EndpointSlice holds any more; restart kube-proxy on that node if this stays.",
            },
        ]);
        expect(join(over).paths[0]!.endpoints.map(({ current }) => current)).toEqual([true, true, false]);
    });

    it("do not catch the cluster IP", () => {
        expect(
            sentence({ edit: without(/^-A KUBE-SERVICES .*cluster IP/) }, "nat/missing-service", {
                source: "the rules of node cp",
            }),
        ).toBe(
            "shop/reviews:http has 3 ready endpoints, but the rules of node cp do not catch its cluster IP " +
                "10.96.0.10 port 9080; see kube-proxy's log on that node.",
        );
    });

    it("catch another cluster IP than the Service has", () => {
        expect(codes({ service: { clusterIP: "10.96.0.99" } })).toEqual(["nat/missing-service"]);
    });

    it("refuse a Service that has endpoints", () => {
        expect(sentence({ rules: { endpoints: [] } }, "nat/refused")).toContain(
            "refuse its cluster IP 10.96.0.10 (has no endpoints)",
        );
    });

    it("do not catch the node port", () => {
        const over = { service: { ports: [{ name: "http", port: 9080, nodePort: 30_080 }] } };
        expect(codes(over)).toEqual(["nat/missing-node-port"]);
        expect(codes({ ...over, rules: { nodePort: 30_080 } })).toEqual([]);
        expect(codes({ ...over, rules: { nodePort: 30_081 } })).toEqual(["nat/missing-node-port"]);
    });

    it.each([
        [
            "the Service's chain",
            new RegExp(`^(:|-A )KUBE-SVC-${HASH} `),
            `from KUBE-SERVICES to the chain KUBE-SVC-${HASH}`,
        ],
        ["an endpoint's chain", new RegExp(`^(:|-A )${SEP(2)} `), `from KUBE-SVC-${HASH} to the chain ${SEP(2)}`],
        ["an endpoint's chain's rules", new RegExp(`^-A ${SEP(2)} `), `from KUBE-SVC-${HASH} to the chain ${SEP(2)}`],
    ])("lack %s", (_, pattern, said) => {
        const message = sentence({ edit: without(pattern) }, "nat/missing-chain");
        expect(message).toContain(said);
        expect(message).toContain("which is missing or empty in the rules, so nothing rewrites its address");
    });

    it("lack the chain of external traffic", () => {
        const over = {
            service: { ports: [{ name: "http", port: 9080, nodePort: 30_080 }] },
            rules: { nodePort: 30_080 },
        };
        expect(
            sentence({ ...over, edit: without(new RegExp(`^(:|-A )KUBE-EXT-${HASH} `)) }, "nat/missing-chain"),
        ).toContain(`to the chain KUBE-EXT-${HASH}`);
    });

    it("spread unevenly", () => {
        const edit = (rules: string) => rules.replace("--probability 0.33333333349", "--probability 0.50000000000");
        expect(sentence({ edit }, "nat/uneven-share")).toBe(
            "shop/reviews:http does not spread evenly over its 3 endpoints (10.244.0.1:9080 50 %, " +
                "10.244.0.2:9080 25 % and 10.244.0.3:9080 25 %, where each should get 33.3 %); see the rules of " +
                `KUBE-SVC-${HASH}.`,
        );
        expect(codes({ edit })).toEqual(["nat/uneven-share"]);
    });

    it("lose connections", () => {
        expect(
            sentence({ edit: without(new RegExp(`^-A KUBE-SVC-${HASH} .*${SEP(3)}$`)) }, "nat/lost-share"),
        ).toContain("loses 33.3 % of its connections");
    });

    it("leave out a ready endpoint", () => {
        expect(sentence({ rules: { endpoints: members([1, 3]) } }, "nat/missing-endpoint")).toContain(
            `has the ready endpoint 10.244.0.2:9080 (pod shop/reviews-2), to which KUBE-SVC-${HASH} in the rules ` +
                "sends nothing",
        );
    });

    it("leave out a ready endpoint of their node", () => {
        const over = {
            service: {
                ports: [{ name: "http", port: 9080, nodePort: 30_080 }],
                spec: { externalTrafficPolicy: "Local" },
            },
            rules: { nodePort: 30_080, localEndpoints: members([1, 2]) },
        };
        expect(codes(over)).toEqual(["nat/missing-endpoint"]);
        expect(codes(over, { node: "another" })).toEqual([]);
    });

    it("go to a port that no container declares", () => {
        const pods = (ports: number[]) =>
            HOSTS.map((host) =>
                pod({ name: `reviews-${host}`, ip: `10.244.0.${host}`, labels: { app: "reviews" }, ports }),
            );
        expect(join({ pods: pods([8080]) }).findings).toMatchObject([
            {
                severity: "problem",
                code: "service/undeclared-port",
                message: expect.stringContaining(
                    "sends traffic to port 9080, but the containers of shop/reviews-1, shop/reviews-2 and " +
                        "shop/reviews-3 declare other ports only",
                ) as string,
            },
        ]);
        expect(join({ pods: pods([]) }).findings.map(({ severity, subject }) => [severity, subject])).toEqual(
            HOSTS.map((host) => ["note", `shop/reviews-${host}`]),
        );
        expect(join({ pods: pods([]) }).findings[0]!.message).toBe(
            "The containers of shop/reviews-1 declare no port at all, so whether something listens at 9080 " +
                "(reviews) cannot be told from here.",
        );
    });

    it("go to a pod that does not exist", () => {
        expect(sentence({ pods: [] }, "service/no-pod")).toContain(
            "has the endpoint 10.244.0.1:9080 of pod shop/reviews-1, which does not exist",
        );
    });

    it("have another session affinity", () => {
        const sticky = {
            spec: { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } },
        };
        expect(sentence({ service: sticky }, "nat/affinity")).toContain(
            "should have a session affinity of 60 s, but its chain",
        );
        expect(sentence({ rules: { affinitySeconds: 60 } }, "nat/affinity")).toContain(
            "should have no session affinity",
        );
        expect(codes({ service: sticky, rules: { affinitySeconds: 60 } })).toEqual([]);
        expect(
            codes({ service: { spec: { sessionAffinity: "ClientIP" } }, rules: { affinitySeconds: 10_800 } }),
        ).toEqual([]);
    });

    it("serve what no Service is", () => {
        const { snapshot, rules } = shop();
        const { findings } = joinServices(
            readNat(parseSave(rules)),
            { ...snapshot, services: [] },
            { source: "the rules of node cp" },
        );
        expect(findings.map(({ message }) => message)).toEqual([
            "shop/reviews:http is still served at 10.96.0.10 9080 by the rules of node cp, though no Service has " +
                "such a port; restart kube-proxy on that node if this stays.",
        ]);
        expect(
            joinServices(readNat(parseSave(rules)), { ...snapshot, services: [] }, { namespaces: new Set(["other"]) })
                .findings,
        ).toEqual([]);
    });
});

describe("a rule set as a whole", () => {
    it.each([
        [
            "nat/not-hooked",
            without(/^-A OUTPUT/),
            "does not lead to KUBE-SERVICES in the rules, so connections from the node itself reach no Service",
        ],
        ["nat/no-masquerade", without(/^-A KUBE-MARK-MASQ/), "KUBE-MARK-MASQ sets no mark in the IPv4 nat table"],
        [
            "nat/no-masquerade",
            without(/MASQUERADE/),
            "KUBE-POSTROUTING does not masquerade what carries the mark 0x4000",
        ],
        [
            "nat/cut-off",
            (rules: string) => rules.slice(0, rules.lastIndexOf("COMMIT")),
            "The table IPv4 nat has no COMMIT",
        ],
        ["nat/unreadable", (rules: string) => `${rules}nonsense\n`, "is no rule, chain or table"],
        [
            "nat/foreign-rule",
            (rules: string) =>
                rules.replace("-A KUBE-MARK-MASQ", "-A KUBE-MARK-MASQ -s 10.0.0.0/8 -j RETURN\n-A KUBE-MARK-MASQ"),
            "holds what kube-proxy does not write: -A KUBE-MARK-MASQ -s 10.0.0.0/8 -j RETURN.",
        ],
        [
            "nat/both-back-ends",
            (rules: string) => rules + rules.replaceAll(" (nf_tables)", ""),
            "Both back ends of iptables hold IPv4 rules of kube-proxy",
        ],
    ])("says %s", (code, edit, said) => {
        expect(sentence({ edit }, code)).toContain(said);
    });

    it("without one family says so, once, and not of each Service", () => {
        const { findings } = join({ edit: (rules) => rules.replaceAll("by iptables-save", "by ip6tables-save") });
        expect(findings.map(({ code }) => code)).toEqual(["nat/stale-service", "nat/no-rules"]);
        expect(findings[1]!.message).toContain(
            "There is no IPv4 chain KUBE-SERVICES in the rules, though Services have IPv4 cluster IPs",
        );
    });
});
