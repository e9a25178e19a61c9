import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSave, servicePortHash } from "../../src/nat";
import { countersBetween, readCounters } from "../../src/traffic/counters";
import { goldenRules } from "../../testing/golden";
import { ruleSet } from "../../testing/rules";

const NAME = "shop/front-istio:http";
const HASH = servicePortHash(NAME, "tcp");
const endpoints = [5, 6].map((host) => ({ address: `10.244.0.${host}`, port: 80 }));
const PORTS = [
    { name: NAME, clusterIP: "10.96.0.20", port: 80, nodePort: 30_080, endpoints },
    {
        name: "shop/kiali:http",
        clusterIP: "10.96.0.21",
        port: 20_001,
        nodePort: 30_081,
        endpoints: [{ address: "10.244.0.9", port: 20_001 }],
    },
];

/** The rules after so many connections to each endpoint, as the kernel counts: once at each rule on the way. */
const counted = (perEndpoint: readonly number[], rules = ruleSet(PORTS, { counters: true })) => {
    const total = perEndpoint.reduce((sum, count) => sum + count, 0);
    return rules
        .split("\n")
        .map((line) => {
            const rule = line.replace(/^\[\d+:\d+\] /, "");
            const at = endpoints.findIndex(
                ({ address }) => rule.includes(`-> ${address}:80`) || rule.endsWith(`--to-destination ${address}:80`),
            );
            const packets =
                at >= 0
                    ? (perEndpoint[at] ?? 0)
                    : rule.includes(`-j KUBE-EXT-${HASH}`) || rule.startsWith(`-A KUBE-EXT-${HASH} -j`)
                      ? total
                      : 0;
            return packets > 0 ? `[${packets}:${packets * 60}] ${rule}` : line;
        })
        .join("\n");
};
const read = (text: string, nodePort = 30_080, name = NAME) => readCounters(parseSave(text), name, nodePort);

describe("the counters of a node port's rules", () => {
    it("are followed from the node port to each endpoint", () => {
        const steps = countersBetween(read(counted([0, 0]))!, read(counted([120, 180]))!)!;
        expect(
            steps.map(({ step, chain, to, connections }) => [step, chain.slice(0, 8), to.slice(0, 14), connections]),
        ).toEqual([
            ["node port", "KUBE-NOD", `KUBE-EXT-${HASH}`.slice(0, 14), 300],
            ["external", "KUBE-EXT", `KUBE-SVC-${HASH}`.slice(0, 14), 300],
            ["service", "KUBE-SVC", expect.stringMatching(/^KUBE-SEP-/), 120],
            ["service", "KUBE-SVC", expect.stringMatching(/^KUBE-SEP-/), 180],
            ["endpoint", "KUBE-SEP", "10.244.0.5:80", 120],
            ["endpoint", "KUBE-SEP", "10.244.0.6:80", 180],
        ]);
    });

    it("grow by what comes in between, whatever there was before", () => {
        const pair = fc.tuple(fc.nat(1e6), fc.nat(1e6));
        fc.assert(
            fc.property(pair, pair, (before, grown) => {
                const steps = countersBetween(
                    read(counted(before))!,
                    read(counted(before.map((count, at) => count + grown[at]!)))!,
                )!;
                expect(steps.filter(({ step }) => step === "endpoint").map(({ connections }) => connections)).toEqual([
                    ...grown,
                ]);
                expect(steps.find(({ step }) => step === "node port")!.connections).toBe(grown[0] + grown[1]);
            }),
            { numRuns: 50 },
        );
    });

    it("of a real kube-proxy hold the loopback's rule too", () => {
        const saved = goldenRules("3")
            .replace(
                /\[0:0\](?= -A KUBE-NODEPORTS -d 127\.0\.0\.0\/8 -p tcp -m comment --comment "golden\/balanced:http")/,
                "[4:240]",
            )
            .replace(
                /\[0:0\](?= -A KUBE-NODEPORTS -p tcp .*"golden\/balanced:http" -m tcp --dport 32041 -j KUBE-EXT)/,
                "[3:180]",
            );
        const counters = read(saved, 32_041, "golden/balanced:http")!;
        expect([...counters.values()].filter(({ step }) => step === "node port").map(({ packets }) => packets)).toEqual(
            [7],
        );
        expect([...counters.values()].filter(({ step }) => step === "endpoint").map(({ to }) => to)).toHaveLength(3);
    });

    it("lead to this node's endpoints where the policy is Local", () => {
        const counters = read(goldenRules("3"), 30_288, "golden/local:http")!;
        expect(
            [...counters.values()].filter(({ step }) => step === "service").map(({ chain }) => chain.slice(0, 9)),
        ).toContain("KUBE-SVL-");
    });

    it("are none of another port, and unknown where the rules were saved without them", () => {
        expect(read(counted([1, 1]), 30_081)).toEqual(new Map());
        expect(read(ruleSet(PORTS))).toBeUndefined();
    });

    it("say nothing where kube-proxy wrote the chains anew", () => {
        const one = ruleSet([{ ...PORTS[0]!, endpoints: [endpoints[0]!] }], { counters: true }).replaceAll(
            "[0:0] -A",
            "[99:5940] -A",
        );
        expect(countersBetween(read(counted([9, 9]))!, read(counted([0, 0]))!)).toBeUndefined();
        expect(countersBetween(read(counted([9, 9]))!, read(one)!)).toBeUndefined();
    });
});
