import { describe, expect, it } from "vitest";
import { parseSave, readNat } from "../../src/nat";

/** Rules as nft prints them in JSON, by their chains; those of a Service port stand in the golden files. */
function model(chains: Record<string, unknown[][]>, elements: Record<string, unknown[]> = {}) {
    const table = "kube-proxy";
    const objects = [
        { table: { family: "ip", name: table } },
        ...Object.keys(chains).map((name) => ({ chain: { family: "ip", table, name } })),
        ...Object.entries(chains).flatMap(([chain, rules]) =>
            rules.map((expr) => ({ rule: { family: "ip", table, chain, expr } })),
        ),
        ...Object.entries(elements).map(([name, elem]) => ({ map: { family: "ip", table, name, elem } })),
    ];
    return readNat(parseSave(JSON.stringify({ nftables: objects }))).models[0]!;
}

const NAME = "shop/reviews/tcp/http";
const SERVICE = `service-AAAAAAAA-${NAME}`;
const EXTERNAL = `external-AAAAAAAA-${NAME}`;
const FIREWALL = `firewall-AAAAAAAA-${NAME}`;
const ENDPOINT = `endpoint-BBBBBBBB-${NAME}__10.244.0.1/9080`;
const goto = (target: string) => ({ goto: { target } });
const jump = (target: string) => ({ jump: { target } });
const MARK = jump("mark-for-masquerade");
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const match = (left: unknown, right: unknown, op = "==") => ({ match: { op, left, right } });
const prefix = (addr: string, len: number) => ({ prefix: { addr, len } });
const fib = (flags: string) => match({ fib: { result: "type", flags: [flags] } }, "local");
const PLACE = { concat: [payload("ip", "daddr"), { meta: { key: "l4proto" } }, payload("th", "dport")] };
const PORT = { concat: [{ meta: { key: "l4proto" } }, payload("th", "dport")] };
const lookup = (key: unknown, map: string) => ({ vmap: { key, data: `@${map}` } });

const DISPATCH = {
    services: [
        [lookup(PLACE, "service-ips")],
        // --nodeport-addresses=0.0.0.0/0: not those of the node's address alone.
        [fib("daddr"), match(payload("ip", "daddr"), prefix("127.0.0.0", 8), "!="), lookup(PORT, "service-nodeports")],
    ],
    "firewall-check": [[lookup(PLACE, "firewall-ips")]],
};
const MAPS = {
    // The number of a protocol stands where the node has no list of their names.
    "service-ips": [[{ concat: ["10.96.0.1", 6, 80] }, goto(SERVICE)]],
    "service-nodeports": [[{ concat: ["tcp", 30_080] }, goto(EXTERNAL)]],
    "firewall-ips": [[{ concat: ["203.0.113.9", "tcp", 80] }, goto(FIREWALL)]],
};

describe("kube-proxy's nftables rules with other settings than the golden files'", () => {
    it("are its own, and say the same", () => {
        const { services, foreign } = model(
            {
                ...DISPATCH,
                "nodeport-endpoints-check": [
                    [match(payload("ip", "daddr"), "::1", "!="), lookup(PORT, "no-endpoint-nodeports")],
                ],
                "cluster-ips-check": [
                    [
                        match(payload("ip", "daddr"), { set: [prefix("10.96.0.0", 16), prefix("10.98.0.0", 16)] }),
                        { drop: null },
                    ],
                    [match(payload("ip", "daddr"), "@cluster-ips"), { reject: null }],
                ],
                // --detect-local-mode=InterfaceNamePrefix.
                [SERVICE]: [
                    [
                        match(payload("ip", "daddr"), "10.96.0.1"),
                        match(payload("tcp", "dport"), 80),
                        match({ meta: { key: "iifname" } }, "cali*", "!="),
                        MARK,
                    ],
                    [
                        {
                            vmap: {
                                key: { numgen: { mode: "random", mod: 1, offset: 0 } },
                                data: { set: [[0, goto(ENDPOINT)]] },
                            },
                        },
                    ],
                ],
                [EXTERNAL]: [
                    [match({ meta: { key: "iifname" } }, "cali*"), goto(SERVICE)],
                    [fib("saddr"), MARK],
                    [fib("saddr"), goto(SERVICE)],
                ],
                [FIREWALL]: [
                    [
                        match(
                            payload("ip", "saddr"),
                            { set: [prefix("192.0.2.0", 24), prefix("198.51.100.0", 24), "203.0.113.9"] },
                            "!=",
                        ),
                        { drop: null },
                    ],
                ],
                [ENDPOINT]: [
                    [match(payload("ip", "saddr"), "10.244.0.1"), MARK],
                    [match({ meta: { key: "l4proto" } }, "tcp"), { dnat: { addr: "10.244.0.1", port: 9080 } }],
                ],
            },
            MAPS,
        );
        expect(foreign).toEqual([]);
        expect(services).toMatchObject([
            {
                name: "shop/reviews:http",
                entries: [
                    { kind: "cluster IP", address: "10.96.0.1", port: 80, protocol: "tcp" },
                    { kind: "node port", port: 30_080 },
                ],
                cluster: { masquerade: { when: "from outside cali*" }, left: 0 },
                external: {
                    masquerade: { when: "from this node" },
                    ways: [
                        { when: "pods", target: SERVICE },
                        { when: "this node", target: SERVICE },
                    ],
                },
                firewall: { sources: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.9"] },
            },
        ]);
    });

    it("masquerade all where they are to, and rewrite at random", () => {
        const { services, foreign } = model(
            {
                ...DISPATCH,
                // --masquerade-all.
                [SERVICE]: [
                    [match(payload("ip", "daddr"), "10.96.0.1"), match(payload("tcp", "dport"), 80), MARK],
                    [
                        {
                            vmap: {
                                key: { numgen: { mode: "inc", mod: 4, offset: 10 } },
                                data: { set: [[{ range: [10, 12] }, goto(ENDPOINT)]] },
                            },
                        },
                    ],
                ],
                [ENDPOINT]: [[{ dnat: { addr: "10.244.0.1", port: 9080, flags: ["random", "persistent"] } }]],
            },
            { "service-ips": MAPS["service-ips"] },
        );
        expect(foreign).toEqual([]);
        expect(services[0]!.cluster).toMatchObject({
            masquerade: { when: "everything" },
            left: 0.25,
            endpoints: [
                { share: 0.75, drawn: { numbers: 3, of: 4 }, hairpin: false, options: ["random", "persistent"] },
            ],
        });
    });

    it("lose what rules before them take, all of it or one number of several", () => {
        const taking = (...expr: unknown[]) =>
            model(
                {
                    ...DISPATCH,
                    [SERVICE]: [
                        expr,
                        [
                            {
                                vmap: {
                                    key: { numgen: { mode: "random", mod: 1, offset: 0 } },
                                    data: { set: [[0, goto(ENDPOINT)]] },
                                },
                            },
                        ],
                    ],
                    [ENDPOINT]: [[{ dnat: { addr: "10.244.0.1", port: 9080 } }]],
                },
                { "service-ips": MAPS["service-ips"] },
            );
        const drawn = { numgen: { mode: "random", mod: 4, offset: 0 } };
        const cases: [number, unknown[]][] = [
            [0, [{ counter: { packets: 1, bytes: 2 } }, { drop: null }]],
            [0.75, [match(drawn, 0), { drop: null }]],
            [0.25, [match(drawn, 3, "<"), goto("mine")]],
            [1, [match(payload("ip", "saddr"), "192.0.2.1"), { drop: null }]],
            [1, [{ log: null }]],
            [1, [{ counter: null }]],
        ];
        for (const [share, expr] of cases) {
            const { services, foreign } = taking(...expr);
            expect([services[0]!.cluster!.endpoints[0]!.share, foreign.length]).toEqual([share, 1]);
        }
    });
});
