import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSave } from "../../src/nat";
import { makeStyle } from "../../src/text/table";
import { trafficText } from "../../src/text/traffic";
import type { TrafficReport } from "../../src/traffic";
import { readCounters } from "../../src/traffic/counters";
import { checkNatCount, type CountersReading, describeNatCount, readNatCounters } from "../../src/traffic/natCounts";
import type { Target } from "../../src/traffic/target";
import { goldenRules } from "../../testing/golden";
import { injected, mesh } from "../../testing/mesh";
import { NO_LOCAL_RULES } from "../../testing/pattern";
import { ruleSet } from "../../testing/rules";

const NAME = "shop/front-istio:http";
const TARGET: Target = {
    url: "http://10.0.0.1:30080/productpage",
    found: "",
    node: "node-1",
    nodePort: { port: 30_080, service: { namespace: "shop", name: "front-istio" }, portName: "http" },
};
const snapshot = { ...mesh(), pods: [...mesh().pods, injected({ name: "front-istio-1", ip: "10.244.0.30" })] };

/** A reading in which every rule of the node port's way has counted so much. */
function reading(packets: number, node = "node-1"): CountersReading {
    const rules = ruleSet(
        [
            {
                name: NAME,
                clusterIP: "10.96.0.20",
                port: 80,
                nodePort: 30_080,
                endpoints: [{ address: "10.244.0.30", port: 80 }],
            },
        ],
        { counters: true },
    );
    return {
        counters: readCounters(
            parseSave(rules.replaceAll("[0:0] -A", `[${packets}:${packets * 60}] -A`)),
            NAME,
            30_080,
        )!,
        source: "the rules of this machine",
        node,
    };
}

describe("what a node's rules counted", () => {
    const counted = describeNatCount(reading(5), reading(305), TARGET, snapshot);

    it("is told step by step, with the pod behind the endpoint", () => {
        expect(counted).toMatchObject({
            counted: true,
            servicePort: NAME,
            nodePort: 30_080,
            node: "node-1",
            steps: [
                { step: "node port", connections: 300 },
                { step: "external", connections: 300 },
                { step: "service", connections: 300 },
                { step: "endpoint", to: "10.244.0.30:80", connections: 300, pod: "front-istio-1" },
            ],
        });
        expect(checkNatCount(counted, 300, TARGET)).toEqual([]);
    });

    it("is shown as a table, which says what is counted", () => {
        const text = trafficText(
            {
                failures: [],
                reviews: { versions: [], pages: 0, expectation: { known: false, why: "" } },
                hops: { source: "none", said: "", rows: [] },
                seconds: 0,
                perSecond: 0,
                keepAlive: false,
                nat: counted,
            } as unknown as TrafficReport,
            makeStyle(false),
        );
        const lines = text.slice(text.indexOf("NAT\n")).split("\n");
        expect(lines[1]).toBe(
            "shop/front-istio:http at node port 30080, by the rules of this machine (node node-1), before and after",
        );
        expect(
            lines.slice(2, 7).map((line) => line.split(/\s{2,}/).map((cell) => cell.replace(/-[A-Z0-9]{16}$/, ""))),
        ).toEqual([
            ["CHAIN", "LEADS TO", "NEW CONNECTIONS", "POD"],
            ["KUBE-NODEPORTS", "KUBE-EXT", "300"],
            ["KUBE-EXT", "KUBE-SVC", "300"],
            ["KUBE-SVC", "KUBE-SEP", "300"],
            ["KUBE-SEP", "DNAT to 10.244.0.30:80", "300", "front-istio-1"],
        ]);
        expect(lines[7]).toBe(
            "The table nat sees the first packet of a connection only: what is counted is new connections, " +
                "others' too.",
        );
    });

    it("is nothing where answers came another way, which is noted", () => {
        const nothing = describeNatCount(reading(5, "node-2"), reading(5, "node-2"), TARGET, snapshot);
        expect(
            checkNatCount(nothing, 300, TARGET).map(({ severity, code, message }) => [severity, code, message]),
        ).toEqual([
            [
                "note",
                "traffic/nat-silent",
                "300 requests to http://10.0.0.1:30080/productpage had an answer, but the rules of this machine " +
                    "counted no new connection to node port 30080: they went to the node node-1.",
            ],
        ]);
        expect(checkNatCount(nothing, 0, TARGET)).toEqual([]);
    });

    it("is not told where kube-proxy wrote its rules meanwhile, or where they could not be read", () => {
        expect(describeNatCount(reading(5), reading(4), TARGET, snapshot)).toEqual({
            counted: false,
            why:
                "kube-proxy wrote the rules of this machine anew while the requests were sent, which sets counters " +
                "back; run this again.",
        });
        expect(describeNatCount(reading(5), { why: "It is gone." }, TARGET, snapshot)).toEqual({
            counted: false,
            why: "It is gone.",
        });
        expect(describeNatCount({ why: "It was never there." }, reading(5), TARGET, snapshot)).toEqual({
            counted: false,
            why: "It was never there.",
        });
    });

    it("is one sentence where saved rules are named, or no node port is asked", async () => {
        expect(await readNatCounters(snapshot, { kind: "file", files: ["rules.txt"] }, undefined, TARGET)).toEqual({
            why: "Saved rules count nothing any more: run this on a node, or read a node's rules with --ssh <host>.",
        });
        expect(await readNatCounters(snapshot, undefined, undefined, { ...TARGET, nodePort: undefined })).toEqual({
            why:
                "The port of http://10.0.0.1:30080/productpage is no node port, so the NAT rules of a node port do " +
                "not count these requests.",
        });
    });

    it.each([
        ["nftables-3", "kube-proxy is in nftables mode by the rules of cp, and gives its rules no counters there."],
        ["3", "No rule for the node port 30080 of shop/front-istio:http is among the rules of cp."],
    ])("is one sentence where no rule counts: %s", async (name, why) => {
        const dir = mkdtempSync(join(tmpdir(), "inspect-"));
        const path = process.env.PATH;
        try {
            writeFileSync(join(dir, "rules.txt"), goldenRules(name));
            writeFileSync(join(dir, "ssh"), `#!/bin/sh\ncat > /dev/null; cat ${join(dir, "rules.txt")}\n`, {
                mode: 0o755,
            });
            process.env.PATH = `${dir}:${path}`;
            expect(await readNatCounters(snapshot, { kind: "ssh", target: "cp" }, undefined, TARGET)).toEqual({ why });
        } finally {
            process.env.PATH = path;
            rmSync(dir, { recursive: true });
        }
    });

    it("is one sentence where this machine is no node, or its rules are not to be read", async () => {
        const { why } = (await readNatCounters(snapshot, undefined, undefined, TARGET)) as { why: string };
        expect(why).toMatch(NO_LOCAL_RULES);
    });
});
