import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openUpstream } from "../../../components/upstreamFiles";

afterEach(() => void vi.restoreAllMocks());

describe("upstream's files belong to", () => {
    it.each([
        ["the project of a program", "/project", "/project/missing"],
        ["the directory that a component package works in", "rootDirectory", join(process.cwd(), "missing")],
    ])("%s", (_, root, bundle) => {
        vi.spyOn(pulumi.runtime, "getRootDirectory").mockReturnValue(root);
        expect(() => openUpstream("missing")).toThrow(`The bundle directory ${bundle} does not exist`);
    });
});
