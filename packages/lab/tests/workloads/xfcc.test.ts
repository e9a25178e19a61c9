import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identities, parseXfcc, serviceAccountOf } from "../../src/workloads/xfcc";
import { spiffe, xfcc } from "./support";

const element = (fields: object) => ({ by: [], uri: [], dns: [], hash: undefined, subject: undefined, ...fields });

describe("parseXfcc", () => {
    it("reads what a sidecar adds", () => {
        expect(parseXfcc(xfcc("bookinfo-productpage", "bookinfo-reviews"))).toEqual([
            element({
                by: [spiffe("bookinfo-reviews")],
                hash: "0af1",
                subject: "",
                uri: [spiffe("bookinfo-productpage")],
            }),
        ]);
    });

    it.each([
        ["nothing", undefined, []],
        ["an empty header", "  ", []],
        [
            "several elements",
            "By=a;URI=b,By=c;URI=d",
            [element({ by: ["a"], uri: ["b"] }), element({ by: ["c"], uri: ["d"] })],
        ],
        ["spaces around pairs", "By=a ; URI=b , Hash=1", [element({ by: ["a"], uri: ["b"] }), element({ hash: "1" })]],
        ["keys in any case", "by=a;uRi=b;DNS=c", [element({ by: ["a"], uri: ["b"], dns: ["c"] })]],
        [
            "a key that comes more than once",
            "URI=a;URI=b;DNS=c;DNS=d;By=e;By=f",
            [element({ by: ["e", "f"], uri: ["a", "b"], dns: ["c", "d"] })],
        ],
        ["separators in quotes", 'Subject="CN=a,O=b;c=d";URI=e', [element({ subject: "CN=a,O=b;c=d", uri: ["e"] })]],
        ["escaped quotes", 'Subject="CN=\\"a, b\\"";URI=c', [element({ subject: 'CN="a, b"', uri: ["c"] })]],
        ["a backslash of the value itself", 'Subject="O=a\\, b";URI=c', [element({ subject: "O=a\\, b", uri: ["c"] })]],
        [
            "a backslash before the closing quote",
            'Subject="O=a\\\\";URI=c',
            [element({ subject: "O=a\\\\", uri: ["c"] })],
        ],
        ["an equals sign in a value", "URI=a?b=c", [element({ uri: ["a?b=c"] })]],
        ["values of keys that it does not know", 'Cert="-----BEGIN%20";Chain="x";URI=a', [element({ uri: ["a"] })]],
    ])("reads %s", (_, header, elements) => {
        expect(parseXfcc(header)).toEqual(elements);
    });

    it.each([
        ["a quote that stays open", 'URI=a,Subject="b'],
        ["text after a quote", 'Subject="a"b;URI=c'],
        ["a quote inside a plain value", 'URI=a"b"'],
        ["no key", "=a"],
        ["no equals sign", "URI"],
        ["an element that is empty", "URI=a,"],
        ["an element that was cut off", "URI=a;"],
        ["a first element that is broken", "oops,URI=a"],
    ])("takes nothing from a header with %s", (_, header) => {
        expect(parseXfcc(header)).toEqual([]);
    });

    it("reads back whatever subject and URI are quoted", () => {
        // Backslashes are not escaped by Envoy, so a value that has some is not told apart from an escaped quote.
        const value = fc.string().filter((text) => !text.includes("\\"));
        const quoted = (text: string) => `"${text.replaceAll('"', '\\"')}"`;
        fc.assert(
            fc.property(fc.array(fc.record({ subject: value, uri: value }), { minLength: 1 }), (elements) => {
                const header = elements
                    .map(({ subject, uri }) => `Subject=${quoted(subject)};URI=${quoted(uri)}`)
                    .join(",");
                expect(parseXfcc(header)).toEqual(elements.map(({ subject, uri }) => element({ subject, uri: [uri] })));
            }),
        );
    });

    it("never fails, whatever a client sends", () => {
        fc.assert(
            fc.property(fc.string({ unit: fc.constantFrom("a", "=", ";", ",", '"', "\\", " ", "URI=") }), (header) =>
                Array.isArray(parseXfcc(header)),
            ),
        );
    });
});

describe("identities", () => {
    it("takes the immediate client, which is the last", () => {
        const first = xfcc("bookinfo-gateway-istio", "bookinfo-productpage");
        const last = xfcc("bookinfo-productpage", "bookinfo-reviews");
        expect(identities(`${first},${last}`)).toEqual({
            peer: spiffe("bookinfo-productpage"),
            own: spiffe("bookinfo-reviews"),
        });
    });

    it("takes the SPIFFE URI among others", () => {
        expect(identities("By=https://a;By=spiffe://b;URI=https://c;URI=spiffe://d")).toEqual({
            peer: "spiffe://d",
            own: "spiffe://b",
        });
    });

    it.each([
        ["plain text", undefined],
        ["a broken header", 'URI=spiffe://a;Subject="'],
        ["certificates without SPIFFE", "By=https://a;URI=https://b"],
    ])("are null with %s", (_, header) => {
        expect(identities(header)).toEqual({ peer: null, own: null });
    });
});

describe("serviceAccountOf", () => {
    it.each([
        [spiffe("bookinfo-reviews"), "bookinfo-reviews"],
        ["spiffe://other.domain/ns/a/sa/b", "b"],
        ["spiffe://cluster.local/ns/a/sa/", null],
        ["spiffe://cluster.local/ns/a/sa/b/c", null],
        ["https://cluster.local/ns/a/sa/b", null],
        ["spiffe://cluster.local/workload/b", null],
        [null, null],
    ])("of %s is %s", (uri, account) => {
        expect(serviceAccountOf(uri)).toBe(account);
    });
});
