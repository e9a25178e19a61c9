import { describe, expect, it } from "vitest";
import { joinServices } from "../../src/join";
import { parseSave, readNat } from "../../src/nat";
import { goldenRules, goldenSnapshot } from "../../testing/golden";

const NAME = "nftables-3";
const golden = goldenRules(NAME);
const snapshot = goldenSnapshot(NAME);

type Objects = Record<string, Record<string, unknown>>[];
type Edit = (objects: Objects) => Objects;

/** The golden rules with other objects. */
const edited = (edit: Edit): string =>
    JSON.stringify({ nftables: edit((JSON.parse(golden) as { nftables: Objects }).nftables) });

const isOf =
    (kind: string, name: RegExp, family = "ip") =>
    (object: Objects[number]) =>
        object[kind]?.family === family && name.test(String(object[kind].chain ?? object[kind].name));
/** Without the rules of a chain whose JSON holds these words. */
const withoutRules =
    (chain: RegExp, words = ""): Edit =>
    (objects) =>
        objects.filter((object) => !isOf("rule", chain)(object) || !JSON.stringify(object.rule!.expr).includes(words));
/** With the elements of a map or set changed. */
const elements =
    (name: RegExp, change: (all: unknown[]) => unknown[]): Edit =>
    (objects) =>
        objects.map((object) => {
            const kind = isOf("map", name)(object) ? "map" : isOf("set", name)(object) ? "set" : undefined;
            return kind
                ? { [kind]: { ...object[kind], elem: change((object[kind]!.elem ?? []) as unknown[]) } }
                : object;
        });
const withoutElements = (name: RegExp, words: string) =>
    elements(name, (all) => all.filter((element) => !JSON.stringify(element).includes(words)));
/** With the text of a chain's rules changed, as JSON. */
const inRules =
    (chain: RegExp, change: (expr: string) => string): Edit =>
    (objects) =>
        objects.map((object) =>
            isOf("rule", chain)(object)
                ? { rule: { ...object.rule, expr: JSON.parse(change(JSON.stringify(object.rule!.expr))) as unknown } }
                : object,
        );
/** With a rule before all others of its chain. */
const before =
    (chain: string, ...expr: unknown[]): Edit =>
    (objects) => {
        const at = objects.findIndex(isOf("rule", new RegExp(`^${chain}$`)));
        return objects.toSpliced(at, 0, { rule: { family: "ip", table: "kube-proxy", chain, expr } });
    };

const findings = (text: string) =>
    joinServices(readNat(parseSave(text)), snapshot, { node: "lab-node", source: "the rules of lab-node" }).findings;
const known = new Set(findings(golden).map(({ message }) => message));
/** What is found beside what the golden rules themselves have. */
const found = (edit: Edit) => findings(edited(edit)).filter(({ message }) => !known.has(message));

const REVIEWS = /^service-[A-Z2-7]{8}-golden\/reviews\/tcp\/http$/;
const chainOf = (name: RegExp) =>
    String((JSON.parse(golden) as { nftables: Objects }).nftables.find(isOf("chain", name))!.chain!.name);
const ENDPOINT = /^endpoint-[A-Z2-7]{8}-golden\/reviews\/tcp\/http__/;
const jump = { jump: { target: "mark-for-masquerade" } };

describe("rules of kube-proxy's nftables mode that are not as they should be", () => {
    it.each<[string, string, Edit, string]>([
        [
            "nat/missing-service",
            "golden/reviews:http",
            withoutElements(/^service-ips$/, "golden/reviews/"),
            "golden/reviews:http has 3 ready endpoints, but the rules of lab-node do not catch its cluster IP",
        ],
        [
            "nat/missing-node-port",
            "golden/local:http",
            withoutElements(/^service-nodeports$/, "golden/local/"),
            "but the rules of lab-node do not catch it",
        ],
        [
            "nat/missing-chain",
            "golden/reviews:http",
            withoutRules(REVIEWS),
            `golden/reviews:http goes from service-ips to the chain ${chainOf(REVIEWS)}, which is missing or empty`,
        ],
        [
            "nat/missing-chain",
            "golden/local:http",
            withoutRules(/^external-[A-Z2-7]{8}-golden\/local\//),
            "golden/local:http goes from service-ips or service-nodeports to the chain external-",
        ],
        [
            "nat/lost-share",
            "golden/reviews:http",
            inRules(REVIEWS, (expr) => expr.replace(/,\[2,\{[^[\]]*\}\]/, "")),
            "golden/reviews:http loses 33.3 % of its connections: no rule of service-",
        ],
        [
            "nat/uneven-share",
            "golden/reviews:http",
            inRules(REVIEWS, (expr) =>
                expr
                    .replace('"mod":3', '"mod":4')
                    .replace("[[0,", "[[3,GOTO],[0,")
                    .replace("GOTO", /\{"goto":\{[^}]*\}\}/.exec(expr)?.[0] ?? ""),
            ),
            "does not spread evenly over its 3 endpoints",
        ],
        [
            "nat/uneven-share",
            "golden/reviews:http",
            before(
                chainOf(REVIEWS),
                { match: { op: "==", left: { numgen: { mode: "random", mod: 2, offset: 0 } }, right: 0 } },
                { goto: { target: chainOf(ENDPOINT) } },
            ),
            ":9080 16.7 %, where each should get 33.3 %",
        ],
        [
            "nat/unreadable-destination",
            "golden/reviews:http",
            inRules(ENDPOINT, (expr) => expr.replace(/"addr":"[^"]*"/, '"addr":{"range":["10.0.0.1","10.0.0.2"]}')),
            "whose rules name no single destination",
        ],
        [
            "nat/affinity",
            "golden/affinity:http",
            (objects) =>
                objects.map((object) =>
                    isOf("set", /^affinity-/)(object) ? { set: { ...object.set, timeout: 60 } } : object,
                ),
            "should have a session affinity of 600 s, but its chain service-",
        ],
        [
            "nat/not-hooked",
            "IPv4 OUTPUT",
            withoutRules(/^nat-output$/),
            "The chain nat-output of the table ip kube-proxy does not lead to services in the rules of lab-node",
        ],
        [
            "nat/no-masquerade",
            "IPv4 mark-for-masquerade",
            withoutRules(/^masquerading$/, "masquerade"),
            "masquerading does not masquerade what carries the mark 0x4000 in the table ip kube-proxy of the rules",
        ],
        [
            "nat/no-masquerade",
            "IPv4 mark-for-masquerade",
            before("masquerading", { return: null }),
            "masquerading does not masquerade what carries the mark 0x4000",
        ],
        [
            "nat/no-masquerade",
            "IPv4 mark-for-masquerade",
            inRules(/^masquerading$/, (expr) => expr.replaceAll("16384", "32768")),
            "masquerading does not masquerade what carries the mark 0x4000",
        ],
        [
            "nat/no-masquerade",
            "IPv4 mark-for-masquerade",
            withoutRules(/^mark-for-masquerade$/),
            "mark-for-masquerade sets no mark in the table ip kube-proxy",
        ],
        [
            "nat/missing-chain",
            "service-endpoints-check",
            (objects) => before("service-endpoints-check", { jump: { target: "gone" } })(objects),
            "The chain service-endpoints-check leads to gone, which is missing",
        ],
        [
            "nat/foreign-rule",
            "services",
            before("services", { counter: { packets: 1, bytes: 60 } }, { drop: null }),
            "The chain services holds what kube-proxy does not write: counter packets 1 bytes 60 drop.",
        ],
        [
            "nat/foreign-rule",
            "service-ips",
            elements(/^service-ips$/, (all) => [...all, [{ concat: ["10.96.9.9", "tcp", 80] }, { accept: null }]]),
            "The chain service-ips holds what kube-proxy does not write: 10.96.9.9 . tcp . 80 : accept.",
        ],
        [
            "nat/stale-service",
            "golden/gone:http",
            elements(/^service-ips$/, (all) => [
                ...all,
                [{ concat: ["10.96.9.9", "tcp", 80] }, { goto: { target: "service-AAAAAAAA-golden/gone/tcp/http" } }],
            ]),
            "golden/gone:http is still served at 10.96.9.9 80 by the rules of lab-node",
        ],
        [
            "nat/no-rules",
            "IPv6",
            (objects) => objects.filter((object) => Object.values(object)[0]?.family !== "ip6"),
            "There is no table ip6 kube-proxy in the rules of lab-node, though Services have IPv6 cluster IPs",
        ],
    ])("are named: %s of %s", (code, subject, edit, said) => {
        const own = found(edit);
        expect(own.map((finding) => `${finding.code} ${finding.subject}`)).toContain(`${code} ${subject}`);
        expect(own.map(({ message }) => message).join("\n")).toContain(said);
    });

    it("refuse a Service that has endpoints", () => {
        const ip = snapshot.services.find(({ metadata }) => metadata?.name === "reviews")!.spec!.clusterIP!;
        const refused = (objects: Objects) =>
            elements(/^no-endpoint-services$/, (all) => [
                ...all,
                [
                    { elem: { val: { concat: [ip, "tcp", 9080] }, comment: "golden/reviews:http" } },
                    { goto: { target: "reject-chain" } },
                ],
            ])(withoutElements(/^service-ips$/, "golden/reviews/")(objects));
        expect(found(refused).map(({ code, message }) => [code, message])).toEqual([
            [
                "nat/refused",
                `golden/reviews:http has 3 ready endpoints, but the rules of lab-node refuse its cluster IP ${ip} ` +
                    "(has no endpoints); see kube-proxy's log on that node.",
            ],
        ]);
    });

    it("take no effect where nothing looks the map up", () => {
        const codes = found(withoutRules(/^services$/, "@service-ips")).map(({ code }) => code);
        expect(codes.filter((code) => code === "nat/missing-service").length).toBeGreaterThan(5);
    });

    it("mark traffic of an endpoint to itself, and are told where they do not", () => {
        const { models } = readNat(parseSave(edited(withoutRules(ENDPOINT, "mark-for-masquerade"))));
        const reviews = models[0]!.services.find(({ name }) => name === "golden/reviews:http")!;
        expect(reviews.cluster!.endpoints.map(({ hairpin }) => hairpin)).toEqual([false, false, false]);
    });
});

describe("beside kube-proxy's nftables mode", () => {
    const mine: Objects = [
        { table: { family: "inet", name: "mine" } },
        {
            chain: {
                family: "inet",
                table: "mine",
                name: "c",
                type: "filter",
                hook: "input",
                prio: 0,
                policy: "accept",
            },
        },
        {
            rule: {
                family: "inet",
                table: "mine",
                chain: "c",
                expr: [
                    { match: { op: "!=", left: { meta: { key: "iifname" } }, right: "lo" } },
                    {
                        match: {
                            op: "in",
                            left: { payload: { protocol: "tcp", field: "dport" } },
                            right: { set: [22, { range: [80, 90] }] },
                        },
                    },
                    { unheard: { of: 1 } },
                ],
            },
        },
    ];

    it("others' rules are others', as they stand, and no finding", () => {
        expect(found((objects) => [...objects, ...mine])).toEqual([]);
        const { models } = readNat(parseSave(edited((objects) => [...objects, ...mine])));
        expect(models.map(({ foreign }) => foreign)).toEqual([
            [
                {
                    family: "IPv4",
                    table: "inet mine",
                    rule: { chain: "c", text: 'iifname != lo tcp dport { 22, 80-90 } {"unheard":{"of":1}}' },
                },
            ],
            [],
        ]);
    });

    it("the kubelet's rules of iptables are known, and what iptables prints is not told twice", () => {
        const kubelet =
            "# Generated by iptables-save v1.8.9 (nf_tables) on Tue\n*filter\n:INPUT ACCEPT [0:0]\n" +
            ":KUBE-FIREWALL - [0:0]\n-A INPUT -j KUBE-FIREWALL\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n";
        const same = [{ rule: { family: "ip", table: "filter", chain: "INPUT", expr: [jump] } }];
        const reading = readNat(parseSave(kubelet + edited((objects) => [...objects, ...same])));
        expect(reading.models[0]!.foreign.map(({ rule }) => rule.text)).toEqual(["-A INPUT -p tcp -j ACCEPT"]);
        expect(findings(kubelet + golden).filter(({ message }) => !known.has(message))).toEqual([]);
    });
});
