import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { UpstreamFiles } from "../../../upstream";
import { ChecksumCache } from "../../../upstream/cache";
import { checkedLock } from "../../../upstream/committed-lock";
import { lockedFile, sha256, treeOf } from "../../../upstream/lock-format";
import { expectSentence } from "../../support/sentence";
import {
    EDITED,
    listing,
    lockOf,
    PLAIN,
    serve,
    tempDir,
    TREE,
    unreachable,
    upstreamOf,
    withoutProxy,
    writeTree,
} from "../upstream/fixture";

withoutProxy();
const isRoot = process.getuid?.() === 0;

/** What may have become of a file. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
    missing: (path) => rmSync(path),
    empty: (path) => truncateSync(path, 0),
    "cut off": (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
    "a bit flipped": (path) => {
        const bytes = readFileSync(path);
        bytes[3]! ^= 1;
        writeFileSync(path, bytes);
    },
    "a directory": (path) => (rmSync(path), mkdirSync(path)),
    "a link that leads nowhere": (path) => (rmSync(path), symlinkSync("nowhere", path)),
    "a link to itself": (path) => (rmSync(path), symlinkSync(path, path)),
    ...(!isRoot && { "not readable": (path: string) => chmodSync(path, 0) }),
};

const failing = async (action: () => Promise<unknown>): Promise<unknown> => {
    const error: unknown = await action().then(
        () => undefined,
        (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    return error;
};

describe.each(Object.entries(DAMAGES))("a file that is %s", (_, damage) => {
    it.each([
        ["of an addon", PLAIN, (files: UpstreamFiles) => files.text(PLAIN)],
        ["of a chart", EDITED, (files: UpstreamFiles) => files.chart("base", "1.25.1")],
    ])("in the bundle, %s, is refused by its name and with the command that brings it", async (_, path, read) => {
        const [bundleDir, projectDir] = [tempDir(), tempDir()];
        writeTree(bundleDir, TREE);
        damage(join(bundleDir, path));
        const files = UpstreamFiles.open({ projectDir, bundleDir, lock: lockOf() });
        expectSentence(
            await failing(() => read(files)),
            path,
            `write it there with "npm run bundle -- ${bundleDir} --istio 1.25.1"`,
        );
        expect(listing(projectDir)).toEqual([]);
    });

    it("in the cache is fetched again", async () => {
        const { url, requests } = await serve(upstreamOf());
        const [cacheDir, lock] = [tempDir(), lockOf(url)];
        const entry = join(cacheDir, lock.files[PLAIN]!.sha256);
        writeFileSync(entry, TREE[PLAIN]!);
        damage(entry);
        const files = UpstreamFiles.open({ projectDir: tempDir(), cacheDir, lock });
        expect(await files.text(PLAIN)).toBe(TREE[PLAIN]);
        expect(requests).toHaveLength(1);
        expect(listing(cacheDir)).not.toContainEqual(expect.stringContaining("partial"));
    });

    it("in a chart that was laid out before is mended", async () => {
        const [bundleDir, projectDir] = [tempDir(), tempDir()];
        writeTree(bundleDir, TREE);
        const open = () => UpstreamFiles.open({ projectDir, bundleDir, lock: lockOf() });
        const laid = join(projectDir, await open().chart("base", "1.25.1"), "values.yaml");
        const text = readFileSync(laid, "utf8");
        damage(laid);
        await open().chart("base", "1.25.1");
        expect(readFileSync(laid, "utf8")).toBe(text);
    });
});

/** A file system of a few pages, for whoever may mount one. */
function fullDisk(): string {
    const dir = tempDir();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4k", "none", dir]);
    onTestFinished(() => void execFileSync("umount", [dir]));
    writeFileSync(join(dir, "big"), Buffer.alloc(4096));
    return dir;
}

describe("a disk that is full", () => {
    it.runIf(isRoot)("keeps nothing in the cache, and costs a fetch", async () => {
        const { url, requests } = await serve(upstreamOf());
        const cacheDir = fullDisk();
        const open = () => UpstreamFiles.open({ projectDir: tempDir(), cacheDir, lock: lockOf(url) });
        for (const count of [1, 2]) {
            expect(await open().text(PLAIN)).toBe(TREE[PLAIN]);
            expect(requests).toHaveLength(count);
        }
        expect(listing(cacheDir)).toEqual(["big"]);
    });
    it.runIf(isRoot)("refuses a chart by its place, and nothing of it is left", async () => {
        const [bundleDir, projectDir] = [tempDir(), fullDisk()];
        writeTree(bundleDir, TREE);
        const files = UpstreamFiles.open({ projectDir, bundleDir, lock: lockOf() });
        const failure = await failing(() => files.chart("base", "1.25.1"));
        expectSentence(failure, 'Chart "base"', projectDir, "ENOSPC", "make room on its disk");
        expect(listing(projectDir).filter((name) => name.includes("partial"))).toEqual([]);
    });
});

describe("a place that cannot be written", () => {
    it("of charts is refused by its name", async () => {
        const [bundleDir, projectDir] = [tempDir(), tempDir()];
        writeTree(bundleDir, TREE);
        writeFileSync(join(projectDir, ".upstream"), "");
        const files = UpstreamFiles.open({ projectDir, bundleDir, lock: lockOf() });
        const failure = await failing(() => files.chart("base", "1.25.1"));
        expectSentence(failure, 'Chart "base" cannot be laid out in', projectDir, "make that directory writable");
    });
    it("of the cache costs a fetch", async () => {
        const { url } = await serve(upstreamOf());
        const cacheDir = join(tempDir(), "file");
        writeFileSync(cacheDir, "");
        await new ChecksumCache(cacheDir).put(sha256(Buffer.from("x")), Buffer.from("x"));
        const files = UpstreamFiles.open({ projectDir: tempDir(), cacheDir, lock: lockOf(url) });
        expect(await files.text(PLAIN)).toBe(TREE[PLAIN]);
    });
});

describe("a bundle", () => {
    it.each<[string, (dir: string) => void]>([
        ["that is not there", (dir) => rmSync(dir, { recursive: true })],
        ["that is a file", (dir) => (rmSync(dir, { recursive: true }), writeFileSync(dir, ""))],
    ])("%s is refused before anything is read", (_, damage) => {
        const bundleDir = tempDir();
        damage(bundleDir);
        let failure: unknown;
        try {
            UpstreamFiles.open({ projectDir: tempDir(), bundleDir });
        } catch (error) {
            failure = error;
        }
        expectSentence(failure, `The bundle directory ${bundleDir} does not exist`, "npm run bundle -- ");
    });
});

describe("the lock", () => {
    it.each<[string, () => unknown]>([
        ["is not there", () => JSON.parse(readFileSync(join(tempDir(), "lock.json"), "utf8")) as unknown],
        ["is cut off", () => JSON.parse('{"trees": {') as unknown],
        ["holds the marks of a merge", () => JSON.parse("<<<<<<< HEAD") as unknown],
        ["is of something else", () => ({ hello: "world" })],
        ["is nothing", () => null],
        ["holds a checksum that is none", () => ({ ...lockOf(), files: { [PLAIN]: { sha256: "00" } } })],
        ["holds a file that is none", () => ({ ...lockOf(), files: { [PLAIN]: null } })],
        ["holds a tree without a URL", () => ({ ...lockOf(), trees: { x: {} } })],
    ])("that %s is refused with what brings it back", async (_, read) => {
        const failure = await failing(() => Promise.resolve().then(() => checkedLock(read)));
        expectSentence(failure, "upstream/lock.json cannot be used", "git checkout upstream/lock.json");
    });

    it("that lacks a file, or its tree, is named with what brings it", () => {
        const lock = lockOf();
        const thrown = (action: () => unknown): unknown => {
            try {
                return action();
            } catch (error) {
                return error;
            }
        };
        expectSentence(
            thrown(() => lockedFile({ ...lock, files: {} }, PLAIN)),
            PLAIN,
            "upstream/lock.json",
            "update the lock",
        );
        expectSentence(
            thrown(() => treeOf({ ...lock, trees: {} }, PLAIN)),
            PLAIN,
            "upstream/lock.json",
            "update the lock",
        );
    });
});

describe("upstream that", () => {
    const ask = async (url: string): Promise<unknown> => {
        const files = UpstreamFiles.open({
            projectDir: tempDir(),
            cacheDir: tempDir(),
            lock: lockOf(url),
            https: { pauseMs: 1, timeoutMs: 500 },
        });
        return failing(() => files.text(PLAIN));
    };
    const bundle = 'write a bundle with "npm run bundle -- <dir>" on one that can';

    it.each([401, 403, 404, 429, 500, 503])("answers with %i", async (status) => {
        const { url } = await serve((_, response) => response.writeHead(status).end());
        expectSentence(await ask(url), `Cannot fetch ${url}/istio/`, `HTTP status ${status}`, bundle);
    });
    it("does not answer", async () => {
        const { url } = await serve(() => {});
        expectSentence(await ask(url), "no complete answer within 0.5 s (3 attempts)", bundle);
    });
    it("is not there", async () => {
        expectSentence(await ask(await unreachable()), "ECONNREFUSED", bundle);
    });
    it("has no name", async () => {
        expectSentence(
            await ask("http://no-such-host.invalid"),
            /Cannot fetch .*: getaddrinfo E\w+ no-such-host/,
            bundle,
        );
    });
    it("gives another file, such as a page to log in at", async () => {
        const { url } = await serve((_, response) => response.end("<html>"));
        expectSentence(await ask(url), "has the wrong checksum", "do not use it", bundle);
    });
    it("redirects for ever", async () => {
        const { url } = await serve((request, response) => response.writeHead(302, { location: request.url }).end());
        expectSentence(await ask(url), "more than 5 redirects", bundle);
    });
});
