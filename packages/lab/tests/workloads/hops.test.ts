import { describe, expect, it } from "vitest";
import { hopOf, readHops, writeHops } from "../../src/workloads/hops";
import { spiffe, xfcc } from "./support";

const hop = hopOf("reviews", "reviews-v2-1-a", xfcc("bookinfo-productpage", "bookinfo-reviews"));

describe("hops", () => {
    it("name client, application, pod and both identities", () => {
        expect(hop).toEqual({
            from: "bookinfo-productpage",
            to: "reviews",
            pod: "reviews-v2-1-a",
            peer: spiffe("bookinfo-productpage"),
            own: spiffe("bookinfo-reviews"),
        });
    });

    it("name nobody where the request came as plain text", () => {
        expect(hopOf("reviews", "pod", undefined)).toEqual({
            from: null,
            to: "reviews",
            pod: "pod",
            peer: null,
            own: null,
        });
    });

    it("keep a peer that is no service account of Istio's", () => {
        expect(hopOf("reviews", "pod", "URI=spiffe://a/b")).toMatchObject({ from: null, peer: "spiffe://a/b" });
    });

    it("are read back as they were written", () => {
        expect(readHops(writeHops([hop, hopOf("ratings", "pod", undefined)]))).toEqual([
            hop,
            hopOf("ratings", "pod", undefined),
        ]);
    });

    it("are printable ASCII as a header, whatever the names are", () => {
        const odd = { ...hop, pod: "pöd\u007f\n✓" };
        expect(writeHops([odd])).toMatch(/^[\x20-\x7e]*$/);
        expect(readHops(writeHops([odd]))).toEqual([odd]);
    });

    it("lose what a backend adds to them", () => {
        expect(readHops(JSON.stringify([{ ...hop, more: "x".repeat(1000) }]))).toEqual([hop]);
    });

    it.each([
        ["no header", undefined],
        ["several headers", ["[]", "[]"]],
        ["no JSON", "["],
        ["no array", JSON.stringify(hop)],
        ["a hop without a pod", JSON.stringify([hop, { ...hop, pod: undefined }])],
        ["a hop with a number for an identity", JSON.stringify([{ ...hop, peer: 1 }])],
        ["a hop that is null", "[null]"],
        ["more hops than there can be", JSON.stringify(Array.from({ length: 17 }, () => hop))],
    ])("are none with %s", (_, header) => {
        expect(readHops(header)).toEqual([]);
    });
});
