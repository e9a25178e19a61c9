import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UpstreamFiles } from "../../../upstream";
import { type BundleOptions, writeBundle } from "../../../upstream/bundle";
import {
    EDITED,
    EDITED_TEXT,
    failureOf,
    listing,
    lockOf,
    PLAIN,
    serve,
    tempDir,
    TREE,
    unreachable,
    upstreamOf,
    withoutProxy,
} from "./fixture";

withoutProxy();

const FILES = Object.keys(TREE).length;
const NO_GO = { goCommand: "/nonexistent/go" };

/** Options that fetch the tree from a server of this test. */
async function fromUpstream(tree = TREE): Promise<BundleOptions & { requests: string[] }> {
    const { url, requests } = await serve(upstreamOf(tree));
    return { source: "upstream", lock: lockOf(url), cacheDir: tempDir(), https: { attempts: 1 }, go: NO_GO, requests };
}

describe("writeBundle", () => {
    it("writes every file, edited as the release is, with what describes the bundle", async () => {
        const dir = join(tempDir(), "a/bundle");
        expect(await writeBundle(dir, await fromUpstream())).toEqual({ source: "upstream", files: FILES });
        const files = listing(dir).filter((path) => /\.[a-z]+$/i.test(path));
        expect(files).toEqual(["MANIFEST.json", "README.txt", "images.txt", ...Object.keys(TREE)].sort());
        expect(readFileSync(join(dir, EDITED), "utf8")).toBe(EDITED_TEXT);
        expect(readFileSync(join(dir, "images.txt"), "utf8")).toBe(
            "docker.io/istio/pilot:1.25.1\ndocker.io/istio/proxyv2:1.25.1\nquay.io/kiali/kiali:v2\n",
        );
        expect(JSON.parse(readFileSync(join(dir, "MANIFEST.json"), "utf8"))).toEqual({
            istio: ["1.25.1"],
            gatewayApi: ["v1.2.1"],
        });
        expect(readFileSync(join(dir, "README.txt"), "utf8")).toContain("Istio 1.25.1 and Gateway API v1.2.1");
    });

    it("writes sums that sha256sum accepts", async () => {
        const dir = join(tempDir(), "bundle");
        await writeBundle(dir, await fromUpstream());
        const checked = execFileSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: dir, encoding: "utf8" });
        expect(checked.trim().split("\n")).toEqual(Object.keys(lockOf().files).map((path) => `${path}: OK`));
    });

    it("writes what UpstreamFiles reads", async () => {
        const bundleDir = join(tempDir(), "bundle");
        await writeBundle(bundleDir, await fromUpstream());
        const files = UpstreamFiles.open({ projectDir: tempDir(), bundleDir, lock: lockOf() });
        for (const path of Object.keys(TREE)) await files.text(path);
        expect(await files.chart("base", "1.25.1")).toBe("./.upstream/istio-1.25.1/charts/base");
    });

    it("reports progress up to the last file", async () => {
        const seen: [number, number, string][] = [];
        await writeBundle(join(tempDir(), "bundle"), {
            ...(await fromUpstream()),
            onProgress: (...args) => seen.push(args),
        });
        expect(seen.map(([done, total]) => [done, total])).toEqual(
            Array.from({ length: FILES }, (_, index) => [index + 1, FILES]),
        );
        expect(seen.map(([, , path]) => path).sort()).toEqual(Object.keys(TREE).sort());
    });

    it("leaves nothing behind when a file is wrong", async () => {
        const parent = tempDir();
        const message = await failureOf(
            writeBundle(join(parent, "bundle"), await fromUpstream({ ...TREE, [PLAIN]: "changed\n" })),
        );
        expect(message).toContain("kiali.yaml has the wrong checksum");
        expect(readdirSync(parent)).toEqual([]);
    });

    it("leaves nothing in an empty directory when a file is missing", async () => {
        const dir = tempDir();
        const { [PLAIN]: _, ...incomplete } = TREE;
        expect(await failureOf(writeBundle(dir, await fromUpstream(incomplete)))).toContain("HTTP status 404");
        expect(readdirSync(dir)).toEqual([]);
    });

    it("fills an empty directory", async () => {
        const dir = tempDir();
        await writeBundle(dir, await fromUpstream());
        expect(readdirSync(dir)).toContain("MANIFEST.json");
    });

    it("fills the directory that a link points to", async () => {
        const parent = tempDir();
        mkdirSync(join(parent, "real"));
        symlinkSync(join(parent, "real"), join(parent, "link"));
        await writeBundle(join(parent, "link"), await fromUpstream());
        expect(readdirSync(join(parent, "real"))).toContain("MANIFEST.json");
    });

    it("refuses a directory that holds something else, and leaves it alone", async () => {
        const dir = tempDir();
        writeFileSync(join(dir, "thesis.txt"), "mine");
        const options = await fromUpstream();
        expect(await failureOf(writeBundle(dir, options))).toBe(
            `UserError: ${dir} is not empty and holds no bundle (it has no MANIFEST.json): ` +
                "name a new or empty directory.",
        );
        expect(readdirSync(dir)).toEqual(["thesis.txt"]);
        expect(options.requests).toEqual([]);
    });

    it.each([
        [
            "a version that is not locked",
            '{"istio":"1.24.0","gatewayApi":"v1.2.1"}',
            "a bundle of Istio 1.24.0 and Gateway API v1.2.1, which are not all locked here",
        ],
        ["an unreadable manifest", "not JSON", "a bundle of Istio (unknown) and Gateway API (unknown), which are not"],
    ])("refuses a bundle of %s", async (_, manifest, reason) => {
        const dir = tempDir();
        writeFileSync(join(dir, "MANIFEST.json"), manifest);
        expect(await failureOf(writeBundle(dir, await fromUpstream()))).toContain(`${dir} holds ${reason}`);
        expect(readdirSync(dir)).toEqual(["MANIFEST.json"]);
    });

    it("refuses a file", async () => {
        const file = join(tempDir(), "file");
        writeFileSync(file, "mine");
        expect(await failureOf(writeBundle(file, await fromUpstream()))).toContain(
            `A bundle cannot be written to ${file} (ENOTDIR`,
        );
    });

    it("says which directory cannot be written", async () => {
        // Short enough for itself, too long for the partial directory beside it: this fails for root, too.
        const dir = join(tempDir(), "b".repeat(250));
        const message = await failureOf(writeBundle(dir, await fromUpstream()));
        expect(message).toContain(`UserError: The bundle cannot be written to ${dir} (ENAMETOOLONG`);
        expect(message).toContain("name a directory whose parent can be written to.");
    });

    it("verifies a complete bundle and leaves it", async () => {
        const dir = join(tempDir(), "bundle");
        const options = await fromUpstream();
        await writeBundle(dir, options);
        const asked = options.requests.length;
        expect(await writeBundle(dir, { ...options, cacheDir: tempDir() })).toEqual({
            source: "existing",
            files: FILES,
        });
        expect(options.requests).toHaveLength(asked);
    });

    it.each<[string, (dir: string) => void]>([
        ["a changed file", (dir) => writeFileSync(join(dir, PLAIN), "changed\n")],
        ["a missing file", (dir) => rmSync(join(dir, PLAIN))],
        ["a missing folder", (dir) => rmSync(join(dir, "istio-1.25.1"), { recursive: true })],
        ["a changed list of images", (dir) => writeFileSync(join(dir, "images.txt"), "")],
        ["missing sums", (dir) => rmSync(join(dir, "SHA256SUMS"))],
    ])("repairs %s and keeps what else is there", async (_, damage) => {
        const dir = join(tempDir(), "bundle");
        const options = await fromUpstream();
        await writeBundle(dir, options);
        writeFileSync(join(dir, "images.tar"), "mine");
        const before = listing(dir);
        damage(dir);
        expect(await writeBundle(dir, options)).toEqual({ source: "upstream", files: FILES });
        expect(listing(dir)).toEqual(before);
        expect(await writeBundle(dir, options)).toEqual({ source: "existing", files: FILES });
    });

    it("may be written by several programs at once", async () => {
        const parent = tempDir();
        const options = await fromUpstream();
        await Promise.all(Array.from({ length: 4 }, () => writeBundle(join(parent, "bundle"), options)));
        expect(readdirSync(parent)).toEqual(["bundle"]);
        expect(await writeBundle(join(parent, "bundle"), options)).toEqual({ source: "existing", files: FILES });
    });
});

describe("writeBundle's sources", () => {
    /** A go command that has the tree. */
    function goWithTree(): { goCommand: string } {
        const dir = tempDir();
        for (const [path, text] of Object.entries(TREE)) {
            mkdirSync(join(dir, path, ".."), { recursive: true });
            writeFileSync(join(dir, path), text);
        }
        const goCommand = join(dir, "go");
        const answer = (path: string, root: string) =>
            JSON.stringify({
                Path: path,
                Version: "v1.0.0",
                Dir: join(dir, root),
                Sum: "h1:zip=",
                GoModSum: "h1:mod=",
            });
        const answers = [
            answer("example.test/istio", "istio-1.25.1"),
            answer("example.test/gateway-api", "gateway-api-v1.2.1"),
        ];
        writeFileSync(goCommand, `#!/bin/sh\ncat <<'END'\n${answers.join("\n")}\nEND\n`, { mode: 0o755 });
        return { goCommand };
    }

    it("auto takes upstream where it can be reached", async () => {
        const options = await fromUpstream();
        expect((await writeBundle(join(tempDir(), "bundle"), { ...options, source: "auto" })).source).toBe("upstream");
        expect((await writeBundle(join(tempDir(), "bundle"), { ...options, source: undefined })).source).toBe(
            "upstream",
        );
    });

    it("auto takes Go modules where upstream cannot be reached", async () => {
        const lock = lockOf(await unreachable());
        const dir = join(tempDir(), "bundle");
        expect(await writeBundle(dir, { lock, cacheDir: tempDir(), go: goWithTree() })).toEqual({
            source: "go",
            files: FILES,
        });
        expect(readFileSync(join(dir, EDITED), "utf8")).toBe(EDITED_TEXT);
    });

    it("auto takes Go modules where upstream lacks a file", async () => {
        const { [PLAIN]: _, ...incomplete } = TREE;
        const options = await fromUpstream(incomplete);
        expect(
            (await writeBundle(join(tempDir(), "bundle"), { ...options, source: "auto", go: goWithTree() })).source,
        ).toBe("go");
    });

    it("auto says of both sources why they failed", async () => {
        const url = await unreachable();
        const message = await failureOf(
            writeBundle(join(tempDir(), "bundle"), { lock: lockOf(url), cacheDir: tempDir(), go: NO_GO }),
        );
        expect(message).toMatch(/^UserError: Neither source has the files\. Upstream: Cannot fetch .+ Go modules: /);
        expect(message).toContain('there is no command "/nonexistent/go"');
    });

    it("go does not ask upstream", async () => {
        const options = await fromUpstream();
        expect(
            (await writeBundle(join(tempDir(), "bundle"), { ...options, source: "go", go: goWithTree() })).source,
        ).toBe("go");
        expect(options.requests).toEqual([]);
    });

    it("upstream does not fall back on Go modules", async () => {
        const lock = lockOf(await unreachable());
        const options: BundleOptions = {
            source: "upstream",
            lock,
            cacheDir: tempDir(),
            https: { attempts: 1 },
            go: goWithTree(),
        };
        const message = await failureOf(writeBundle(join(tempDir(), "bundle"), options));
        expect(message).toContain("Cannot fetch");
        expect(message).toContain('take Go modules ("--from go") or write the bundle on another machine.');
    });
});
