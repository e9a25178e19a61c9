import { describe, expect, it } from "vitest";
import { fromStruct, toStruct } from "../../../../lab/plugins/rpc/struct";
import {
    Asset,
    OutputValue,
    ResourceReference,
    Secret,
    UNKNOWN,
    containsSecrets,
    containsUnknowns,
    fromWire,
    reveal,
    toWire,
} from "../../../../lab/plugins/rpc/values";

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
        expect(fromStruct(toStruct(props))).toEqual(props);
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
