import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UpstreamFiles } from "../../../upstream";
import { EDITED, EDITED_TEXT, failureOf, lockOf, PLAIN, tempDir, TREE, writeTree } from "./fixture";

function openBundle(tree = TREE, lock = lockOf()) {
    const bundleDir = tempDir();
    writeTree(bundleDir, tree);
    return { bundleDir, files: UpstreamFiles.open({ projectDir: tempDir(), bundleDir, lock }) };
}

describe("UpstreamFiles with a bundle", () => {
    it("reads a file", async () => {
        expect(await openBundle().files.text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it("takes the bundle's directory relative to the project", async () => {
        const projectDir = tempDir();
        writeTree(join(projectDir, "bundle"), TREE);
        const files = UpstreamFiles.open({ projectDir, bundleDir: "bundle", lock: lockOf() });
        expect(await files.text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it("gives upstream's bytes the release's edits, and takes edited ones as they are", async () => {
        expect(await openBundle().files.text(EDITED)).toBe(EDITED_TEXT);
        expect(await openBundle({ [EDITED]: EDITED_TEXT }).files.text(EDITED)).toBe(EDITED_TEXT);
    });

    it("refuses a chart file that is neither upstream's nor the release's", async () => {
        const { files } = openBundle({ [EDITED]: "name: base\nversion: 1.0.0\nappVersion: 1.0.0\nextra: true\n" });
        expect(await failureOf(files.text(EDITED))).toContain("without the release's edits");
    });

    it("refuses edits that do not lead to the lock's checksum", async () => {
        const lock = lockOf();
        const files = { ...lock.files, [EDITED]: { ...lock.files[EDITED]!, sha256: "0".repeat(64) } };
        expect(await failureOf(openBundle(TREE, { ...lock, files }).files.text(EDITED))).toContain(
            "release-edits.ts was changed without updating the lock",
        );
    });

    it("reads a file again after a failure", async () => {
        const { bundleDir, files } = openBundle({ [PLAIN]: "changed\n" });
        await failureOf(files.text(PLAIN));
        writeFileSync(join(bundleDir, PLAIN), TREE[PLAIN]!);
        expect(await files.text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it("reads a file once in a run", async () => {
        const { bundleDir, files } = openBundle();
        await files.text(PLAIN);
        rmSync(join(bundleDir, PLAIN));
        expect(await files.text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it("refuses a path that the lock does not list", async () => {
        const message = await failureOf(openBundle().files.text("istio-1.25.1/samples/addons/zipkin.yaml"));
        expect(message).toContain(
            '"istio-1.25.1/samples/addons/zipkin.yaml" is not an upstream file that upstream/lock.json lists',
        );
        expect(await failureOf(openBundle().files.text("toString"))).toContain('"toString" is not an upstream file');
    });
});
