import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { withPlainErrors } from "../../../errors";

const failureOf = (run: Promise<unknown>) =>
    run.then(
        () => undefined,
        (error: unknown) => error,
    );

describe("withPlainErrors", () => {
    it("hands on what the program returns", async () => {
        expect(await withPlainErrors(() => Promise.resolve({ a: 1 }))).toEqual({ a: 1 });
    });

    it.each([
        ["UserError", new UserError("one sentence")],
        ["RunError", new pulumi.RunError("one sentence")],
    ])("shows of a %s its sentence alone", async (_, error) => {
        const failure = await failureOf(withPlainErrors(() => Promise.reject(error)));
        expect(pulumi.RunError.isInstance(failure)).toBe(true);
        expect((failure as Error).message).toBe("one sentence");
        expect((failure as Error).stack).toBeUndefined();
    });

    it("leaves a bug as it is, with its stack trace", async () => {
        const bug = new TypeError("x is undefined");
        const failure = await failureOf(withPlainErrors(() => Promise.reject(bug)));
        expect(failure).toBe(bug);
        expect(pulumi.RunError.isInstance(failure)).toBe(false);
    });
});
