import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BundleOptions, writeBundle } from "../../../upstream/bundle";
import { failureOf, lockOf, serve, tempDir, TREE, upstreamOf, withoutProxy } from "./fixture";

withoutProxy();

const FILES = Object.keys(TREE).length;

describe("the versions of writeBundle", () => {
    it("adds a version to a bundle, and keeps those that it has", async () => {
        const dir = join(tempDir(), "bundle");
        const twice = (tree: Readonly<Record<string, string>>) => ({
            ...tree,
            ...Object.fromEntries(
                Object.entries(tree).map(([path, text]) => [path.replace("istio-1.25.1/", "istio-1.25.2/"), text]),
            ),
        });
        const { url } = await serve(upstreamOf());
        const lock = lockOf(url, twice(TREE));
        const both = {
            ...lock,
            trees: { ...lock.trees, "istio-1.25.2": lock.trees["istio-1.25.1"]! },
        };
        const options: BundleOptions = { source: "upstream", lock: both, cacheDir: tempDir() };
        expect((await writeBundle(dir, options)).files).toBe(FILES);
        expect((await writeBundle(dir, { ...options, istio: ["1.25.2"] })).files).toBe(2 * FILES - 1);
        expect(readFileSync(join(dir, "images.txt"), "utf8")).toMatch(/pilot:1\.25\.1\n.*pilot:1\.25\.2\n/s);
        expect(JSON.parse(readFileSync(join(dir, "MANIFEST.json"), "utf8"))).toEqual({
            istio: ["1.25.1", "1.25.2"],
            gatewayApi: ["v1.2.1"],
        });
        expect((await writeBundle(dir, options)).source).toBe("existing");
    });

    it("takes no version that is not locked", async () => {
        const options: BundleOptions = { lock: lockOf(), istio: ["1.24.0"] };
        expect(await failureOf(writeBundle(join(tempDir(), "bundle"), options))).toMatch(
            /^UserError: Istio 1\.24\.0 is not locked: use 1\.25\.1, /,
        );
    });
});
