import { CheckRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { describe, expect, it } from "vitest";
import { PROVIDER_SERVICE } from "../../src/stand-ins/rpc/provider-messages";
import { decodeStruct, encodeStruct, splitFields } from "../../src/stand-ins/rpc/struct-codec";
import { structOf, withStruct } from "../../src/stand-ins/rpc/struct-fields";
import {
    Asset,
    containsSecrets,
    containsUnknowns,
    fromWire,
    OutputValue,
    ResourceReference,
    reveal,
    Secret,
    toWire,
    UNKNOWN,
} from "../../src/stand-ins/rpc/values";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

describe("property values on the wire", () => {
    it("reads a secret by its signature", () => {
        const value = fromWire({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value: { a: 1 } });
        expect(value).toEqual(new Secret({ a: 1 }));
    });

    it("reads every sentinel of an unknown, at any depth", () => {
        expect(fromWire({ a: ["04da6b54-80e4-46f7-96ec-b56ff0331ba9"] })).toEqual({ a: [UNKNOWN] });
        expect(fromWire("dd056dcd-154b-4c76-9bd3-c8f88648b5ff")).toBe(UNKNOWN);
    });

    it("reads an output without a value as unknown, with its dependencies", () => {
        const value = fromWire({
            [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
            secret: true,
            dependencies: ["urn:x"],
        }) as OutputValue;
        expect(value.value).toBe(UNKNOWN);
        expect([value.secret, value.dependencies]).toEqual([true, ["urn:x"]]);
    });

    it("refuses a signature that it does not know", () => {
        expect(() => fromWire({ [SIGNATURE]: "nonsense" })).toThrow(/unknown signature nonsense/);
    });

    it("comes back the same through a protobuf Struct", () => {
        const props = {
            secret: new Secret(["s", UNKNOWN]),
            asset: new Asset({ text: "x" }),
            reference: new ResourceReference("urn:r", "id"),
            nothing: null,
            list: [1, 2.5, true, "text", { nested: {} }],
        };
        expect(decodeStruct(encodeStruct(props))).toEqual(props);
    });

    it("leaves out what is undefined, and writes it as null in a list, which has no gaps", () => {
        expect(toWire({ a: undefined, b: [undefined] })).toEqual({ b: [null] });
    });

    it("writes an output as its secret or its plain value", () => {
        expect(toWire(new OutputValue(1, false, []))).toBe(1);
        expect(toWire(new OutputValue(1, true, []))).toEqual(toWire(new Secret(1)));
    });

    it("finds unknowns and secrets inside wrappers", () => {
        expect(containsUnknowns({ a: new Secret([UNKNOWN]) })).toBe(true);
        expect(containsUnknowns({ a: new Secret([1]) })).toBe(false);
        expect(containsSecrets([{ a: new Secret(1) }])).toBe(true);
        expect(containsSecrets([{ a: UNKNOWN }])).toBe(false);
    });

    it("reveals secrets and keeps unknowns", () => {
        expect(reveal({ a: new Secret({ b: UNKNOWN }) })).toEqual({ a: { b: UNKNOWN } });
    });
});

describe("the Struct codec", () => {
    const plain = {
        text: "grüße \u{1f600}",
        empty: "",
        numbers: [0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER],
        flags: [true, false, null],
        nested: { list: [[], {}, [{ a: [1] }]] },
        long: "x".repeat(70_000),
        "": "no key",
    };

    it("writes what the generated classes read, and reads what they write", () => {
        expect(Struct.deserializeBinary(encodeStruct(plain)).toJavaScript()).toEqual(plain);
        expect(decodeStruct(Buffer.from(Struct.fromJavaScript(plain).serializeBinary()))).toEqual(plain);
    });

    it("keeps the order of keys", () => {
        expect(Object.keys(decodeStruct(encodeStruct({ b: 1, a: 2, c: 3 })))).toEqual(["b", "a", "c"]);
    });

    it("takes fields out of a message and leaves the rest readable", () => {
        const request = new CheckRequest()
            .setUrn("urn:x")
            .setName("n")
            .setNews(Struct.fromJavaScript({ a: 1 }));
        request.setRandomseed(new Uint8Array([1, 2]));
        const { taken, rest } = splitFields(Buffer.from(request.serializeBinary()), new Set([3]));
        expect(decodeStruct(taken.get(3) as Buffer)).toEqual({ a: 1 });
        const read = CheckRequest.deserializeBinary(rest);
        expect([read.getUrn(), read.getName(), read.hasNews(), read.getRandomseed_asU8().length]).toEqual([
            "urn:x",
            "n",
            false,
            2,
        ]);
    });

    it("carries Structs beside the messages of a service, in both directions", () => {
        const { requestSerialize, requestDeserialize } = PROVIDER_SERVICE["check"]!;
        const sent = withStruct(withStruct(new CheckRequest().setUrn("urn:x"), 2, { old: 1 }), 3, { news: UNKNOWN });
        const bytes = requestSerialize(sent);
        expect(CheckRequest.deserializeBinary(bytes).getOlds()?.toJavaScript()).toEqual({ old: 1 });
        const read = requestDeserialize(bytes) as CheckRequest;
        expect([read.getUrn(), structOf(read, 2), structOf(read, 3)]).toEqual(["urn:x", { old: 1 }, { news: UNKNOWN }]);
        expect(structOf(new CheckRequest(), 2)).toEqual({});
    });
});
