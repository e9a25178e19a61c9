import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { UpstreamFiles } from "../../../upstream";
import { EDITED, EDITED_TEXT, failureOf, listing, lockOf, tempDir, TREE, writeTree } from "./fixture";

const BASE = ["Chart.yaml", "templates", "templates/crds.yaml", "values.yaml"];

function project(tree = TREE) {
    const bundleDir = tempDir();
    writeTree(bundleDir, tree);
    const projectDir = tempDir();
    const chartDir = join(projectDir, ".upstream/istio-1.25.1/charts/base");
    return {
        bundleDir,
        projectDir,
        chartDir,
        open: () => UpstreamFiles.open({ projectDir, bundleDir, lock: lockOf() }),
    };
}

/** The project after a first run, with the chart laid out. */
async function projectWithChart() {
    const made = project();
    await made.open().chart("base", "1.25.1");
    return made;
}

describe("UpstreamFiles.chart", () => {
    it("lays the chart out below the project and returns its relative path", async () => {
        const { open, chartDir } = project();
        expect(await open().chart("base", "1.25.1")).toBe("./.upstream/istio-1.25.1/charts/base");
        expect(listing(chartDir)).toEqual(BASE);
        expect(readFileSync(join(chartDir, "Chart.yaml"), "utf8")).toBe(EDITED_TEXT);
    });

    it("lays out only the chart's own files", async () => {
        const { open, projectDir } = project();
        expect(await open().chart("istiod", "1.25.1")).toBe("./.upstream/istio-1.25.1/charts/istiod");
        expect(listing(join(projectDir, ".upstream/istio-1.25.1/charts"))).toEqual([
            "istiod",
            "istiod/Chart.yaml",
            "istiod/values.yaml",
        ]);
    });

    it("leaves no partial chart behind when a file is wrong", async () => {
        const { open, projectDir } = project({
            ...TREE,
            "istio-1.25.1/manifests/charts/base/values.yaml": "changed\n",
        });
        expect(await failureOf(open().chart("base", "1.25.1"))).toContain("values.yaml has the wrong checksum");
        expect(listing(projectDir)).toEqual([]);
    });

    it("needs no source for a chart that is there and right", async () => {
        const { open, bundleDir, chartDir } = await projectWithChart();
        const files = open();
        rmSync(bundleDir, { recursive: true });
        await files.chart("base", "1.25.1");
        expect(listing(chartDir)).toEqual(BASE);
    });

    it("reads only what differs", async () => {
        const { open, bundleDir, chartDir } = await projectWithChart();
        rmSync(join(bundleDir, EDITED));
        writeFileSync(join(chartDir, "values.yaml"), "changed\n");
        await open().chart("base", "1.25.1");
        expect(readFileSync(join(chartDir, "values.yaml"), "utf8")).toBe("tag: latest\n");
    });

    it.each<[string, (chartDir: string) => void]>([
        ["a changed file", (dir) => writeFileSync(join(dir, "Chart.yaml"), "changed\n")],
        ["a missing file", (dir) => rmSync(join(dir, "Chart.yaml"))],
        ["a missing folder", (dir) => rmSync(join(dir, "templates"), { recursive: true })],
        [
            "a file in a folder's place",
            (dir) => (rmSync(join(dir, "templates"), { recursive: true }), writeFileSync(join(dir, "templates"), "")),
        ],
        [
            "a folder in a file's place",
            (dir) => (rmSync(join(dir, "Chart.yaml")), mkdirSync(join(dir, "Chart.yaml/a"), { recursive: true })),
        ],
        ["a file that is not the chart's", (dir) => writeFileSync(join(dir, "templates/extra.yaml"), "kind: Secret\n")],
        [
            "a folder that is not the chart's",
            (dir) => (mkdirSync(join(dir, "crds")), writeFileSync(join(dir, "crds/a.yaml"), "")),
        ],
        ["an empty directory", (dir) => (rmSync(dir, { recursive: true }), mkdirSync(dir))],
        ["a file instead of the directory", (dir) => (rmSync(dir, { recursive: true }), writeFileSync(dir, ""))],
    ])("repairs %s", async (_, damage) => {
        const { open, chartDir } = await projectWithChart();
        damage(chartDir);
        await open().chart("base", "1.25.1");
        expect(listing(chartDir)).toEqual(BASE);
        expect(readFileSync(join(chartDir, "Chart.yaml"), "utf8")).toBe(EDITED_TEXT);
        expect(listing(dirname(chartDir)).filter((path) => path.includes(".partial"))).toEqual([]);
    });

    it("replaces links without touching what they point to", async () => {
        const { open, chartDir } = await projectWithChart();
        const outside = tempDir();
        writeTree(outside, { "Chart.yaml": "mine\n", "templates/mine.yaml": "mine\n" });
        rmSync(join(chartDir, "Chart.yaml"));
        symlinkSync(join(outside, "Chart.yaml"), join(chartDir, "Chart.yaml"));
        rmSync(join(chartDir, "templates"), { recursive: true });
        symlinkSync(join(outside, "templates"), join(chartDir, "templates"));
        await open().chart("base", "1.25.1");
        expect(readFileSync(join(chartDir, "Chart.yaml"), "utf8")).toBe(EDITED_TEXT);
        expect(listing(chartDir)).toEqual(BASE);
        expect(readFileSync(join(outside, "Chart.yaml"), "utf8")).toBe("mine\n");
        expect(listing(outside)).toEqual(["Chart.yaml", "templates", "templates/mine.yaml"]);
    });

    it("may be laid out by several programs at once", async () => {
        const { open, chartDir } = project();
        await Promise.all(Array.from({ length: 8 }, () => open().chart("base", "1.25.1")));
        expect(listing(chartDir)).toEqual(BASE);
        expect(listing(dirname(chartDir)).filter((path) => path.includes(".partial"))).toEqual([]);
    });

    it("never takes a right file away from a program that reads it while another repairs the chart", async () => {
        const { open, chartDir } = await projectWithChart();
        let missing = 0;
        for (let round = 0; round < 5; round++) {
            writeFileSync(join(chartDir, "values.yaml"), "changed\n");
            let repairing = true;
            const repairs = Promise.all([open().chart("base", "1.25.1"), open().chart("base", "1.25.1")]).finally(
                () => (repairing = false),
            );
            while (repairing) {
                if (!existsSync(join(chartDir, "Chart.yaml")) || !existsSync(join(chartDir, "values.yaml"))) missing++;
                await new Promise((resolve) => setImmediate(resolve));
            }
            await repairs;
            expect(readFileSync(join(chartDir, "values.yaml"), "utf8")).toBe("tag: latest\n");
        }
        expect(missing).toBe(0);
    });

    it("says which directory cannot be written", async () => {
        const { open, projectDir, chartDir } = project();
        writeFileSync(join(projectDir, ".upstream"), "");
        expect(await failureOf(open().chart("base", "1.25.1"))).toMatch(
            new RegExp(
                `^UserError: Chart "base" cannot be laid out in ${chartDir} \\(E.+\\): ` +
                    "make that directory writable or remove it\\.$",
            ),
        );
    });
});
