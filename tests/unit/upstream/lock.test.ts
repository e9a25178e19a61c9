import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_ISTIO, ISTIO_VERSIONS } from "@istio-on-pulumi/kube";
import { committedLock } from "../../../upstream/committed-lock";
import { generateLock, lockText } from "../../../upstream/generate-lock";
import { chartFiles } from "../../../upstream/lock-format";
import { isEdited } from "../../../upstream/release-edits";
import { selectedTrees } from "../../../upstream/selection";

const ROOT = join(__dirname, "../../..");
const SELECTED_TREES = selectedTrees();
const LOCK = committedLock();
const paths = Object.keys(LOCK.files);

describe("lock.json", () => {
    it("is written as npm run lock writes it", () => {
        expect(readFileSync(join(ROOT, "upstream/lock.json"), "utf8")).toBe(lockText(LOCK));
        expect(paths).toEqual([...paths].sort());
    });

    it("names the trees of the selection", () => {
        const trees = Object.entries(LOCK.trees).map(([root, { baseUrl, module, moduleVersion }]) => ({
            root,
            baseUrl,
            module,
            moduleVersion,
        }));
        expect(trees).toEqual(
            SELECTED_TREES.map(({ root, baseUrl, module, moduleVersion }) => ({
                root,
                baseUrl,
                module,
                moduleVersion,
            })),
        );
    });

    it("fetches nothing but by HTTPS", () => {
        for (const { baseUrl } of Object.values(LOCK.trees)) expect(baseUrl).toMatch(/^https:\/\/.+[^/]$/);
    });

    it("has the files of the selection and no other", () => {
        const selected = (path: string) =>
            SELECTED_TREES.some(
                (tree) =>
                    tree.files.some((file) => path === `${tree.root}/${file}`) ||
                    tree.folders.some((folder) => path.startsWith(`${tree.root}/${folder}/`)),
            );
        expect(paths.filter((path) => !selected(path))).toEqual([]);
        for (const tree of SELECTED_TREES) {
            for (const file of tree.files) expect(paths).toContain(`${tree.root}/${file}`);
            for (const folder of tree.folders)
                expect(
                    paths.some((path) => path.startsWith(`${tree.root}/${folder}/`)),
                    folder,
                ).toBe(true);
        }
    });

    it.each(ISTIO_VERSIONS.flatMap((version) => [["base", version] as const, ["istiod", version] as const]))(
        "has a whole chart %s of %s",
        (chart, version) => {
            const files = chartFiles(LOCK, chart, version).map((file) => file.path);
            expect(files).toContain("Chart.yaml");
            expect(files).toContain("values.yaml");
            expect(files.some((path) => path.startsWith("templates/"))).toBe(true);
            expect(files.some((path) => path.startsWith("files/"))).toBe(true);
        },
    );

    it("has SHA-256 sums, and two different ones for exactly the files that a release edits", () => {
        for (const [path, file] of Object.entries(LOCK.files)) {
            expect(file.sha256, path).toMatch(/^[0-9a-f]{64}$/);
            expect(file.upstreamSha256 !== undefined, path).toBe(isEdited(path));
            if (file.upstreamSha256 !== undefined) expect(file.upstreamSha256, path).toMatch(/^[0-9a-f]{64}$/);
            expect(file.upstreamSha256, path).not.toBe(file.sha256);
        }
        expect(paths.filter(isEdited)).toHaveLength(3 * ISTIO_VERSIONS.length);
    });

    it("pins the Istio that the lab builds", () => {
        const { module, moduleVersion, moduleSum, moduleGoModSum } = LOCK.trees[`istio-${DEFAULT_ISTIO}`]!;
        expect(readFileSync(join(ROOT, "packages/lab/tools/cluster/go.mod"), "utf8")).toContain(
            `${module} ${moduleVersion}`,
        );
        const goSum = readFileSync(join(ROOT, "packages/lab/tools/cluster/go.sum"), "utf8").split("\n");
        expect(goSum).toContain(`${module} ${moduleVersion} ${moduleSum}`);
        expect(goSum).toContain(`${module} ${moduleVersion}/go.mod ${moduleGoModSum}`);
    });

    it("is what npm run lock makes of the Go modules", { timeout: 60_000 }, async ({ skip }) => {
        skip(!modulesAreCached(), 'the modules are not in the local cache; "npm run lock -- check" downloads them');
        // With the lock's sums, against which go checks the modules: without them it would ask its checksum database,
        // over the network.
        const trees = SELECTED_TREES.map((tree) => ({
            ...tree,
            moduleSum: LOCK.trees[tree.root]!.moduleSum,
            moduleGoModSum: LOCK.trees[tree.root]!.moduleGoModSum,
        }));
        expect(lockText(await generateLock(trees, { offline: true }))).toBe(lockText(LOCK));
    });
});

function modulesAreCached(): boolean {
    try {
        const cache = execFileSync("go", ["env", "GOMODCACHE"], {
            encoding: "utf8",
            stdio: ["ignore", "pipe", "ignore"],
        }).trim();
        return SELECTED_TREES.every(({ module, moduleVersion }) =>
            existsSync(join(cache, `${module}@${moduleVersion}`)),
        );
    } catch {
        return false;
    }
}
