import { describe, expect, it } from "vitest";
import { type JoinedServices, joinServices } from "../../src/join";
import { formatRule, parseSave, readNat } from "../../src/nat";
import { goldenRules, goldenSnapshot } from "../../testing/golden";
import { pattern } from "../../testing/pattern";

const COUNTS = [1, 2, 3, 5];
const MODES = [
    { mode: "iptables", prefix: "", backend: "nft" },
    { mode: "nftables", prefix: "nftables-", backend: undefined },
] as const;
const traffic = (name: string, rules = goldenRules(name)): JoinedServices =>
    joinServices(readNat(parseSave(rules)), goldenSnapshot(name), { node: "lab-node" });
const pathOf = ({ paths }: JoinedServices, service: string, family = "IPv4") =>
    paths.find((path) => path.namespace === "golden" && path.service === service && path.family === family)!;

describe.each(COUNTS)("the rules of a real kube-proxy in iptables mode for %i endpoints", (count) => {
    it("are written as they were read, double spaces aside", () => {
        const text = goldenRules(String(count));
        const lines = text.split("\n").filter((line) => line.includes("-A "));
        const rules = parseSave(text).tables.flatMap(({ chains }) =>
            [...chains.values()].flatMap((chain) => chain.rules),
        );
        expect(rules).toHaveLength(lines.length);
        expect(new Set(rules.map(formatRule))).toEqual(new Set(lines.map((line) => line.replaceAll("  ", " "))));
    });
});

const all = MODES.flatMap((mode) => COUNTS.map((count) => ({ ...mode, count })));
describe.each(all)("the rules of a real kube-proxy in $mode mode for $count endpoints", (given) => {
    const { count, mode, backend } = given;
    const name = `${given.prefix}${count}`;
    const text = goldenRules(name);
    const found = traffic(name);

    it("hold nothing that is not known", () => {
        const { models, ...others } = readNat(parseSave(text));
        expect(others).toEqual({ warnings: [], unreadable: [], incomplete: [], both: [], bothModes: [] });
        expect(
            models.map(({ family, mode, backend, hooks, masquerading, brokenJumps, unreferenced, foreign }) => ({
                family,
                mode,
                backend,
                hooks,
                masquerading,
                brokenJumps,
                unreferenced,
                foreign,
            })),
        ).toEqual(
            ["IPv4", "IPv6"].map((family) => ({
                family,
                mode,
                backend,
                hooks: ["PREROUTING", "OUTPUT"],
                masquerading: { mark: "0x4000", applied: true },
                brokenJumps: [],
                unreferenced: [],
                foreign: [],
            })),
        );
    });

    it("give each pod of reviews the same share, and its container's port is that of the rule", () => {
        const { endpoints, masquerade, lost } = pathOf(found, "reviews");
        expect(endpoints).toHaveLength(count);
        for (const { share, current, pod, opens, port } of endpoints) {
            expect(share).toBeCloseTo(1 / count, 6);
            expect({ current, ready: pod?.ready, workload: pod?.workload, opens, port }).toEqual({
                current: true,
                ready: true,
                workload: "reviews",
                opens: { container: "reviews", name: undefined },
                port: 9080,
            });
        }
        expect({ masquerade, lost }).toEqual({ masquerade: "from outside 10.244.0.0/16", lost: 0 });
    });

    it("keep clients of a Service with affinity at their endpoint for 600 s", () => {
        const { affinitySeconds, endpoints } = pathOf(found, "affinity");
        expect([affinitySeconds, endpoints.length]).toEqual([600, count]);
    });

    it("keep external traffic local for a NodePort with externalTrafficPolicy Local", () => {
        const { chain, localChain, external, localEndpoints } = pathOf(found, "local");
        expect(external!.ways).toEqual([
            { when: "pods", target: chain },
            { when: "this node", target: chain },
            { when: "all", target: localChain },
        ]);
        expect(localEndpoints).toHaveLength(count);
        const inner = pathOf(found, "inner-local");
        expect([inner.chain, inner.localEndpoints.length]).toEqual([undefined, count]);
    });

    it("let a load balancer's sources in, and catch external addresses and UDP", () => {
        expect(pathOf(found, "balanced")).toMatchObject({
            firewall: { sources: ["198.51.100.0/24"] },
            entries: [
                { kind: "cluster IP" },
                { kind: "load balancer IP", address: "203.0.113.9" },
                { kind: "node port" },
            ],
        });
        const dns = found.paths.filter(({ service }) => service === "names");
        expect(dns.map(({ protocol, entries }) => [protocol, ...entries.map(({ kind }) => kind)])).toEqual([
            ["UDP", "cluster IP", "external IP"],
            ["TCP", "cluster IP", "external IP"],
        ]);
    });

    it("spread IPv6 connections too", () => {
        const { endpoints, entries } = pathOf(found, "six", "IPv6");
        expect(endpoints.map(({ address, share }) => [address, share])).toEqual([
            ["fd00:10:244::a", 0.5],
            ["fd00:10:244::b", 0.5],
        ]);
        expect(entries.map(({ kind }) => kind)).toEqual(["cluster IP", "node port"]);
    });

    it("leave a headless Service to the name service", () => {
        expect(pathOf(found, "headless")).toBeUndefined();
    });

    it("refuse what has no endpoints, and the findings are these four", () => {
        expect(pathOf(found, "nobody").entries).toEqual([
            {
                kind: "cluster IP",
                address: expect.any(String) as string,
                port: 80,
                target: "REJECT",
                reason: "has no endpoints",
            },
            { kind: "node port", port: expect.any(Number) as number, target: "REJECT", reason: "has no endpoints" },
        ]);
        expect(found.findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`)).toEqual([
            "problem service/no-endpoints golden/both:http",
            "problem service/undeclared-port golden/names:dns",
            "problem service/undeclared-port golden/names:dns-tcp",
            "problem service/no-endpoints golden/nobody:80",
        ]);
        expect(found.findings[0]!.message).toMatch(
            pattern(
                /^golden\/both:http has no ready endpoint for IPv6: none of the pods that it selects \(.*\) has an /,
                /IPv6 address; /,
            ),
        );
        expect(found.findings[3]!.message).toBe(
            "golden/nobody:80 has no ready endpoint: its selector app=nobody selects no pod; until that is " +
                "mended, every connection to it fails.",
        );
    });
});

describe("the same rules in the legacy back end", () => {
    it("mean the same", () => {
        const legacy = traffic("3", goldenRules("3-legacy"));
        const nft = traffic("3");
        expect(readNat(parseSave(goldenRules("3-legacy"))).models).toMatchObject([
            { family: "IPv4", backend: "legacy", foreign: [] },
        ]);
        const four = ({ paths }: JoinedServices) => paths.filter(({ family }) => family === "IPv4");
        expect(four(legacy)).toEqual(four(nft));
        expect(legacy.findings.map(({ code }) => code)).toContain("nat/no-rules");
    });
});

describe.each(MODES)("a node's rules in $mode mode against another moment of the cluster", ({ mode, prefix }) => {
    const between = (rules: number, objects: number) =>
        joinServices(readNat(parseSave(goldenRules(`${prefix}${rules}`))), goldenSnapshot(`${prefix}${objects}`), {
            node: "lab-node",
        }).findings;

    it("still send traffic to what is gone", () => {
        const stale = between(3, 2).filter(
            ({ code, subject }) => code === "nat/stale-endpoint" && subject === "golden/reviews:http",
        );
        expect(stale).toHaveLength(1);
        const chain =
            mode === "iptables"
                ? /\(KUBE-SEP-[A-Z2-7]{16}\), which no EndpointSlice holds any more; /
                : pattern(
                      /\(endpoint-[A-Z2-7]{8}-golden\/reviews\/tcp\/http__10\.244\.0\.\d+\/9080\), /,
                      /which no EndpointSlice holds any more; /,
                  );
        expect(stale[0]!.message).toMatch(
            pattern(/^golden\/reviews:http still sends 33\.3 % of its connections to 10\.244\.0\.\d+:9080 /, chain),
        );
    });

    it("do not yet send traffic to what is new", () => {
        const missing = between(2, 3).filter(
            ({ code, subject }) => code === "nat/missing-endpoint" && subject === "golden/local:http",
        );
        expect(missing.map(({ message }) => /to which (KUBE-SV.|[a-z]+)-/.exec(message)?.[1])).toEqual(
            mode === "iptables" ? ["KUBE-SVC", "KUBE-SVL"] : ["service", "local"],
        );
    });
});

describe("rules of both modes", () => {
    const read = (nftables: string) => {
        const { findings } = traffic("nftables-3", nftables + goldenRules("3"));
        return {
            modes: readNat(parseSave(nftables + goldenRules("3"))).models.map(({ mode }) => mode),
            left: findings
                .filter(({ code }) => code === "nat/both-modes")
                .map(({ severity, subject }) => `${severity} ${subject}`),
        };
    };

    it("are a problem, and those that serve more are looked at", () => {
        const left = ["problem IPv4", "problem IPv6"];
        expect(read(goldenRules("nftables-3"))).toEqual({ modes: ["nftables", "nftables"], left });
        const empty = ["ip", "ip6"].map((family) => ({ table: { family, name: "kube-proxy" } }));
        expect(read(`${JSON.stringify({ nftables: empty })}\n`)).toEqual({ modes: ["iptables", "iptables"], left });
    });
});
