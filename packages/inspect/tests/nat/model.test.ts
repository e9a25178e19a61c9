import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointHash, type NatModel, parseSave, readNat, servicePortHash } from "../../src/nat";
import { type ProxiedPort, ruleSet } from "../../testing/rules";

const reviews: ProxiedPort = {
    name: "shop/reviews:http",
    clusterIP: "10.96.0.10",
    port: 9080,
    endpoints: [1, 2, 3].map((host) => ({ address: `10.244.0.${host}`, port: 9080 })),
};
const HASH = servicePortHash("shop/reviews:http", "tcp");

const modelOf = (text: string): NatModel => readNat(parseSave(text)).models[0]!;
const serviceOf = (text: string) => modelOf(text).services[0]!;
const sharesOf = (text: string) => serviceOf(text).cluster!.endpoints.map(({ share }) => share);

describe("a Service port in the rules", () => {
    it("leads from its cluster IP through its chains to its endpoints", () => {
        const service = serviceOf(ruleSet([{ ...reviews, nodePort: 30_080 }], { counters: true }));
        expect(service).toMatchObject({ hash: HASH, name: "shop/reviews:http", protocol: "tcp", family: "IPv4" });
        expect(service.entries.map(({ kind, address, port, target }) => [kind, address, port, target])).toEqual([
            ["cluster IP", "10.96.0.10", 9080, `KUBE-SVC-${HASH}`],
            ["node port", undefined, 30_080, `KUBE-EXT-${HASH}`],
        ]);
        expect(service.cluster).toMatchObject({
            name: `KUBE-SVC-${HASH}`,
            masquerade: { when: "from outside 10.244.0.0/16" },
            left: 0,
            packets: 0,
        });
        expect(service.cluster!.endpoints[1]).toMatchObject({
            address: "10.244.0.2",
            port: 9080,
            probability: 0.5,
            hairpin: true,
            exists: true,
            packets: 0,
            options: [],
        });
        expect(service.external).toMatchObject({
            name: `KUBE-EXT-${HASH}`,
            masquerade: { when: "everything" },
            ways: [{ when: "all", target: `KUBE-SVC-${HASH}` }],
            exists: true,
        });
    });

    it("spreads over three endpoints with 0.33333333349, 0.5 and the rest: a third each", () => {
        const { endpoints } = serviceOf(ruleSet([reviews])).cluster!;
        expect(endpoints.map(({ probability }) => probability)).toEqual([0.33333333349, 0.5, undefined]);
        for (const { share } of endpoints) expect(share).toBeCloseTo(1 / 3, 8);
    });

    it("spreads evenly over any number of endpoints, and loses nothing", () => {
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 200 }), (count) => {
                const endpoints = Array.from({ length: count }, (_, at) => ({
                    address: `10.244.${at >> 8}.${at & 255}`,
                    port: 9080,
                }));
                const service = serviceOf(ruleSet([{ ...reviews, endpoints }]));
                const shares = service.cluster!.endpoints.map(({ share }) => share);
                expect(shares).toHaveLength(count);
                for (const share of shares) expect(Math.abs(share * count - 1)).toBeLessThan(1e-5);
                expect(service.cluster!.left).toBe(0);
                expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
            }),
            { numRuns: 50 },
        );
    });

    it("gives nothing to endpoints after a rule that takes all, and says what is left where none does", () => {
        const taken = ruleSet([reviews]).replace(" -m statistic --mode random --probability 0.33333333349", "");
        expect(sharesOf(taken)).toEqual([1, 0, 0]);
        const lost = ruleSet([reviews]).replace(new RegExp(`-A KUBE-SVC-${HASH} .*10.244.0.3:9080.*\n`), "");
        expect(serviceOf(lost).cluster).toMatchObject({ left: expect.closeTo(1 / 3, 6) as number });
    });

    it("counts what a foreign rule takes away from the endpoints after it, and shows the rule", () => {
        const rules = ruleSet([reviews]);
        const first = rules
            .split("\n")
            .find((line) => line.startsWith(`-A KUBE-SVC-${HASH} `) && line.includes("KUBE-SEP"))!;
        const drop = `-A KUBE-SVC-${HASH} -m statistic --mode random --probability 0.50000000000 -j DROP`;
        const conditional = `-A KUBE-SVC-${HASH} -s 192.0.2.1/32 -j DROP`;
        const text = rules.replace(first, `${drop}\n${conditional}\n${first}`);
        expect(sharesOf(text).reduce((sum, share) => sum + share, 0)).toBeCloseTo(0.5, 9);
        expect(modelOf(text).foreign.map(({ table, rule }) => [table, rule.text])).toEqual([
            ["nat", drop],
            ["nat", conditional],
        ]);
    });

    it("has session affinity", () => {
        expect(serviceOf(ruleSet([{ ...reviews, affinitySeconds: 600 }])).cluster).toMatchObject({
            affinitySeconds: 600,
            left: 0,
        });
        expect(modelOf(ruleSet([{ ...reviews, affinitySeconds: 600 }])).foreign).toEqual([]);
    });

    it("keeps external traffic local where its policy says so", () => {
        const service = serviceOf(ruleSet([{ ...reviews, nodePort: 30_080, localEndpoints: [reviews.endpoints[1]!] }]));
        expect(service.local!.endpoints.map(({ address, share }) => [address, share])).toEqual([["10.244.0.2", 1]]);
        expect(service.external!.ways).toEqual([
            { when: "pods", target: `KUBE-SVC-${HASH}` },
            { when: "this node", target: `KUBE-SVC-${HASH}` },
            { when: "all", target: `KUBE-SVL-${HASH}` },
        ]);
        expect(service.external!.masquerade!.when).toBe("from this node");
    });

    it("is refused without endpoints", () => {
        const service = serviceOf(ruleSet([{ ...reviews, endpoints: [] }]));
        expect(service.entries).toMatchObject([
            { kind: "cluster IP", address: "10.96.0.10", port: 9080, target: "REJECT", reason: "has no endpoints" },
        ]);
        expect(service).toMatchObject({ hash: HASH, name: "shop/reviews:http" });
    });

    it("is known by its chain's name where kube-proxy leaves its comments out", () => {
        expect(sharesOf(ruleSet([reviews], { comments: false }))).toHaveLength(3);
        const silent = ruleSet([reviews], { comments: false }).replaceAll(/ -m comment --comment "shop[^"]*"/g, "");
        expect(modelOf(silent).services).toMatchObject([{ hash: HASH, name: undefined }]);
    });

    it("has endpoints of IPv6", () => {
        const text = ruleSet(
            [{ ...reviews, clusterIP: "fd00:96::a", endpoints: [{ address: "fd00:10:244::1", port: 9080 }] }],
            { family: "IPv6" },
        );
        const model = modelOf(text);
        expect(model.family).toBe("IPv6");
        expect(model.services[0]!.entries[0]).toMatchObject({ kind: "cluster IP", address: "fd00:96::a" });
        expect(model.services[0]!.cluster!.endpoints[0]).toMatchObject({
            address: "fd00:10:244::1",
            port: 9080,
            hairpin: true,
        });
        expect(model.foreign).toEqual([]);
    });

    it("has a firewall for the sources that a load balancer may have", () => {
        const rules = ruleSet([{ ...reviews, nodePort: 30_080 }]).replace(
            "COMMIT\n# Completed on Fri Jan  2 10:00:00 2026\n# Gen",
            `COMMIT\n# Gen`,
        );
        const extra = [
            `-A KUBE-SERVICES -d 203.0.113.9/32 -p tcp -m comment --comment "shop/reviews:http loadbalancer IP" ` +
                `-m tcp --dport 9080 -j KUBE-FW-${HASH}`,
            `-A KUBE-FW-${HASH} -s 198.51.100.0/24 -m comment --comment "shop/reviews:http loadbalancer IP" -j ` +
                `KUBE-EXT-${HASH}`,
            `-A KUBE-FW-${HASH} -m comment --comment "other traffic to shop/reviews:http will be dropped by ` +
                `KUBE-PROXY-FIREWALL"`,
        ].join("\n");
        const model = modelOf(rules.replace("-A KUBE-MARK-MASQ", `${extra}\n-A KUBE-MARK-MASQ`));
        expect(model.services[0]!.firewall).toEqual({
            name: `KUBE-FW-${HASH}`,
            target: `KUBE-EXT-${HASH}`,
            sources: ["198.51.100.0/24"],
            exists: true,
        });
        expect(model.services[0]!.entries.map(({ kind }) => kind)).toContain("load balancer IP");
        expect(model.foreign).toEqual([]);
    });

    it.each([["--random"], ["--random-fully"], ["--persistent"]])("may rewrite with %s", (flag) => {
        const text = ruleSet([reviews]).replace(
            "--to-destination 10.244.0.1:9080",
            `--to-destination 10.244.0.1:9080 ${flag}`,
        );
        expect(serviceOf(text).cluster!.endpoints[0]).toMatchObject({ address: "10.244.0.1", options: [flag] });
    });

    it.each([
        ["-j DNAT [unsupported revision]"],
        ["-j DNAT --to-destination :0 --persistent --to-destination 10.244.0.1:9080"],
        ["-j DNAT --to-destination 10.244.0.1-10.244.0.9:9080"],
    ])("has no destination in %s, and the rule is shown", (broken) => {
        const model = modelOf(ruleSet([reviews]).replace("-j DNAT --to-destination 10.244.0.1:9080", broken));
        expect(model.services[0]!.cluster!.endpoints[0]).toMatchObject({
            exists: true,
            share: expect.closeTo(1 / 3, 6) as number,
        });
        expect(model.services[0]!.cluster!.endpoints[0]!.address).toBeUndefined();
        expect(model.foreign.map(({ rule }) => rule.text.endsWith(broken))).toEqual([true]);
    });
});

describe("the rules of a node", () => {
    it("mark what is masqueraded, and masquerade what is marked", () => {
        expect(modelOf(ruleSet([reviews])).masquerading).toEqual({ mark: "0x4000", applied: true });
        expect(modelOf(ruleSet([reviews]).replace(/-A KUBE-MARK-MASQ.*\n/, "")).masquerading).toEqual({
            applied: false,
        });
        expect(
            modelOf(ruleSet([reviews]).replace("! --mark 0x4000/0x4000", "! --mark 0x8000/0x8000")).masquerading,
        ).toEqual({ mark: "0x4000", applied: false });
        expect(modelOf(ruleSet([reviews]).replace(/-A POSTROUTING.*\n/, "")).masquerading).toEqual({
            mark: "0x4000",
            applied: false,
        });
    });

    it("are hooked into PREROUTING and OUTPUT", () => {
        expect(modelOf(ruleSet([reviews])).hooks).toEqual(["PREROUTING", "OUTPUT"]);
        expect(modelOf(ruleSet([reviews]).replace(/-A OUTPUT.*\n/, "")).hooks).toEqual(["PREROUTING"]);
    });

    it("lead nowhere where a chain is missing or empty", () => {
        const sep = `KUBE-SEP-${endpointHash("shop/reviews:http", "tcp", "10.244.0.2:9080")}`;
        const emptied = ruleSet([reviews]).replace(new RegExp(`-A ${sep} .*\n`, "g"), "");
        expect(modelOf(emptied).brokenJumps).toEqual([{ from: `KUBE-SVC-${HASH}`, to: sep, missing: false }]);
        expect(modelOf(emptied.replace(`:${sep} - [0:0]\n`, "")).brokenJumps).toEqual([
            { from: `KUBE-SVC-${HASH}`, to: sep, missing: true },
        ]);
        expect(modelOf(emptied).services[0]!.cluster!.endpoints[1]).toMatchObject({ chain: sep, exists: false });
    });

    it("may hold chains that nothing leads to", () => {
        const left = "-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m tcp -j DNAT --to-destination 10.244.0.9:9080";
        const model = modelOf(
            ruleSet([reviews]).replace(
                "*nat\n",
                `*nat\n:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]\n:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]\n${left}\n`,
            ),
        );
        expect(model.unreferenced.map(({ name, rules }) => [name, rules.map(({ text }) => text)])).toEqual([
            ["KUBE-SVC-AAAAAAAAAAAAAAAA", []],
            ["KUBE-SEP-AAAAAAAAAAAAAAAA", [left]],
        ]);
        expect(model.foreign).toEqual([]);
    });

    it("of both back ends are read from the one that serves more, and that is said", () => {
        const legacy = ruleSet([], { header: "# Generated by iptables-save v1.8.9 on Tue" });
        const reading = readNat(parseSave(legacy + ruleSet([reviews])));
        expect(reading.both).toEqual(["IPv4"]);
        expect(reading.models).toMatchObject([{ backend: "nft", services: [{ name: "shop/reviews:http" }] }]);
    });

    it("are no model where kube-proxy has written none", () => {
        expect(readNat(parseSave("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n")).models).toEqual([]);
    });

    it("are each kube-proxy's or shown as they are: none is lost", () => {
        const extra = fc.constantFrom(
            "-A PREROUTING -j CNI-HOSTPORT",
            "-A KUBE-SERVICES -d 192.0.2.1/32 -j DROP",
            "-A KUBE-MARK-MASQ -j LOG",
            "-A KUBE-NODEPORTS -p tcp -m tcp --dport 31000 -j ACCEPT",
            "-A KUBE-POSTROUTING -s 10.0.0.0/8 -j ACCEPT",
            "-A OUTPUT -m owner --uid-owner 1337 -j RETURN",
            `-A KUBE-SVC-${HASH} -j RETURN`,
            "-A CNI-X -m unheard --of 1 2 -j BEYOND",
        );
        fc.assert(
            fc.property(fc.array(extra, { maxLength: 12 }), fc.integer({ min: 0, max: 5 }), (extras, count) => {
                const clean = ruleSet([
                    {
                        ...reviews,
                        endpoints: reviews.endpoints.slice(0, Math.min(count, 3)),
                        nodePort: count > 3 ? 30_080 : undefined,
                    },
                ]);
                const model = modelOf(clean.replace("*nat\n", `*nat\n${extras.map((line) => `${line}\n`).join("")}`));
                const shown = [
                    ...model.foreign.map(({ rule }) => rule),
                    ...model.unreferenced.flatMap(({ rules }) => rules),
                ];
                expect(shown.map(({ text }) => text).sort()).toEqual(extras.toSorted());
                expect(modelOf(clean).foreign).toEqual([]);
            }),
        );
    });
});
