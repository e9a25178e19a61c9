import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { note, problem } from "../../src/finding";
import { fit, html } from "../../src/page/html";
import { renderPage } from "../../src/page/page";
import type { MeshReport } from "../../src/report";
import { pattern } from "../../testing/pattern";
import { report } from "../../testing/report";

/** What a reader sees, tags and style left out. */
const read = (page: string) =>
    page
        .replace(/<style>.*?<\/style>/s, "")
        .replace(/<[^>]*>/g, " ")
        .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
        .replace(/\s+/g, " ");

/** What would be markup, were it not escaped. */
const MARKUP = [
    "<script>",
    "</script>",
    "</title>",
    "</svg>",
    "<!--",
    "-->",
    "&lt;",
    "&#60;",
    '" onload="',
    "' x='",
    ">",
];
/** Where a page decides by what a text says, it stays as it is. */
const KEPT = new Set(["severity", "state", "role", "at", "mode"]);

/** The report with an ending after every text that may come from outside: every name, address, argument and rule. */
function named(ending: string): MeshReport {
    const rename = (value: unknown, key = ""): unknown => {
        if (typeof value === "string") return KEPT.has(key) ? value : value + ending;
        if (Array.isArray(value)) return value.map((each) => rename(each));
        if (typeof value !== "object" || value === null) return value;
        return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rename(each, name)]));
    };
    const { nat, ...rest } = report({ findings: [problem("x", "a subject", "A sentence.")] });
    const families = nat!.families.map((family) => ({
        ...family,
        unreferenced: [{ chain: "KUBE-SVC-LEFTOVER", rules: ["-A KUBE-SVC-LEFTOVER -j RETURN"] }],
        foreign: [{ table: "nat", chain: "DOCKER", text: "-A DOCKER -j RETURN" }],
    }));
    return rename({ ...rest, nat: { ...nat, families, warnings: ["a warning"] } }) as MeshReport;
}

/** Some of what stands on the page: a context, a finding, a check, a pod, a Service, a chain, and others' rules. */
const SHOWN = [
    "prod",
    "A sentence.",
    "Control plane",
    "reviews-v1",
    "reviews",
    "1.25.1",
    "-A DOCKER -j RETURN",
    "KUBE-SVC-LEFTOVER",
    "a warning",
];

/** Every tag with the names of its attributes, in their order. */
const tagsOf = (page: string): string[] =>
    page
        .replace(/<style>.*?<\/style>/s, "")
        .replace(/="[^"]*"/g, "")
        .match(/<[^>]*>/g)!;

/** What stands between the tags. */
const textOf = (page: string): string =>
    page.replace(/<[^>]*>/g, "").replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

describe("the page", () => {
    const page = renderPage(report());

    it("needs nothing from anywhere: no script, no link, no picture, no font", () => {
        expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|@font-face|url\(|(src|href)="(?!#)/i);
        expect(page).toContain(
            `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
        );
    });

    it("shows the topology for wide and narrow screens, with versions", () => {
        const pictures = page.match(/<svg .*?<\/svg>/gs)!;
        expect(pictures.map((svg) => /class="(\w+)"/.exec(svg)![1])).toEqual(["wide", "narrow"]);
        for (const svg of pictures) {
            for (const name of [
                "front",
                "bookinfo",
                "productpage",
                "reviews",
                "reviews-v3",
                ">v3<",
                "istiod",
                "1.25.1, ready",
            ])
                expect(svg).toContain(name);
        }
    });

    it("shows the chains of a Service and each endpoint's share, with as many parts in the bar", () => {
        const card = /<article[^>]*>(?:(?!<\/article>).)*reviews(?:(?!<\/article>).)*<\/article>/s.exec(page)![0];
        expect(card.match(/<span style="flex:0\.333\d;/g)).toHaveLength(3);
        expect(read(card)).toMatch(
            pattern(
                /reviews :http ClusterIP, TCP 9080, IPv4 REACHED AT cluster IP 10\.96\.0\.10:9080 CHAINS /,
                /KUBE-SVC-\w+ masquerade from outside 10\.244\.0\.0\/16, mark 0x4000 33\.3 % 10\.244\.0\.2:9080 /,
                /KUBE-SEP-\w+ probability 0\.33333333349 reviews-v1 v1 containerPort of app/,
            ),
        );
    });

    it("shows injection, captured traffic, checks and endpoints", () => {
        const text = read(page);
        for (const said of [
            "Sidecars expected in shop (istio-injection=enabled)",
            "sidecar 1.25.1",
            "4 pods with a sidecar all to 15006, REDIRECT all to 15001",
            "Control plane there",
            "answers HTTP 200",
            "Nothing is wrong",
        ])
            expect(text).toContain(said);
    });

    it("shows findings, problems open and notes folded", () => {
        const broken = renderPage(
            report({
                findings: [
                    problem("nat/stale-endpoint", "shop/reviews:http", "It is stale."),
                    note("x", "y", "Worth a note."),
                ],
                ok: false,
            }),
        );
        expect(read(broken)).toContain("1 problem");
        expect(broken).toContain(
            '<li class="card problem"><strong>shop/reviews:http</strong><span>It is stale.</span></li>',
        );
        expect(broken).toMatch(/<details><summary>1 note<\/summary>.*Worth a note\./s);
        expect(broken).toContain('<article class="card path wrong">');
    });

    it("is well formed: every element that is opened is closed", () => {
        const open: string[] = [];
        for (const [, close, name, empty] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
            if (empty === "/" || ["meta", "br"].includes(name!)) continue;
            if (close) expect(open.pop()).toBe(name);
            else open.push(name!);
        }
        expect(open).toEqual([]);
    });

    it("says what was not looked at by leaving it out", () => {
        const { findings, at, cluster, namespaces, ok } = report();
        expect(read(renderPage({ findings, at, cluster, namespaces, ok }))).not.toMatch(
            /Topology|Injection|Checks|Endpoints/,
        );
    });

    it("prints as text whatever the names of pods, Services, chains, rules and variables hold", () => {
        const piece = fc.oneof(fc.constantFrom(...MARKUP), fc.string({ unit: "grapheme", maxLength: 5 }));
        const plain = tagsOf(renderPage(named("-x")));
        fc.assert(
            fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
                const hostile = `"'<b>${pieces.join("")}`;
                const printed = renderPage(named(hostile));
                expect(tagsOf(printed)).toEqual(plain);
                for (const name of SHOWN) expect(textOf(printed)).toContain(name + hostile);
            }),
            { numRuns: 50 },
        );
    });
});

describe("markup", () => {
    it("escapes every value, joins lists, and leaves out what is not there", () => {
        expect(html`<a b="${`"<&'`}">${["x", html`<i>${1}</i>`]}${undefined}${false}</a>`.text).toBe(
            '<a b="&#34;&#60;&#38;&#39;">x<i>1</i></a>',
        );
    });

    it("may be written on several lines, which make a space between attributes and words alone", () => {
        const name = html`
            <b>a\n b</b>
        `;
        expect(
            html`
                <a
                    href="x"
                    class="y"
                >
                    ${name}
                    one
                    two
                </a>
            `.text,
        ).toBe('<a href="x" class="y" ><b>a b</b>one two</a>');
    });

    it("cuts long texts off", () => {
        expect([fit("abcdef", 6), fit("abcdef", 4)]).toEqual(["abcdef", "abc…"]);
    });
});
