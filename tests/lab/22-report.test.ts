import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import type { Report } from "../../report/report";
import { Lab, type Outcome, TEST_LAB } from "../support/lab";
import { eventually, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { nodePortOf, type Service } from "../support/objects";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const out = mkdtempSync(join(tmpdir(), "istio-on-pulumi-report-"));
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);

beforeAll(() => stack.ensureUp());
afterAll(() => rmSync(out, { recursive: true, force: true }));

const run = (script: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Outcome> =>
    lab.run(["npm", "run", "--silent", script, "--", "--stack", stack.name, "--out", out, ...args], { env });
const written = () => JSON.parse(readFileSync(join(out, `${stack.name}.json`), "utf8")) as Report;

/** The report of a preview with other settings, and the first line of its comment. */
async function previewOf(settings: Record<string, string>) {
    const { code, stdout, stderr } = await stack.with(settings, () => run("preview:report"));
    return { code, stderr, comment: stdout, first: stdout.split("\n")[0], report: written() };
}

const gatewayPort = async () =>
    nodePortOf(await getOne<Service>(lab, "service", "bookinfo-gateway-istio", "--namespace", BOOKINFO_NAMESPACE), 80);
const BOOKINFO = "details-v1, productpage-v1, ratings-v1, reviews-v1, reviews-v2 and reviews-v3";

describe("a preview's report says in its first line", () => {
    test("that nothing changes", async () => {
        const { code, first, report } = await previewOf({});
        expect(first).toBe(`## 🟢 ${stack.name}: changes nothing`);
        expect([code, report.changes]).toEqual([0, []]);
    });

    test("which pods another tag of Bookinfo restarts, and what stays", async () => {
        const { first, report, comment } = await previewOf({ "bookinfo.tag": "1.20.3" });
        expect(first).toBe(
            `## 🟡 ${stack.name}: restarts ${BOOKINFO}; no object is deleted; the gateway keeps port ${await gatewayPort()}`,
        );
        expect(report.counts).toMatchObject({ created: 0, updated: 6, replaced: 0, deleted: 0 });
        expect(comment).toMatch(
            /^-.*image: docker.io\/istio\/examples-bookinfo-details-v1:1\.20\.2\n\+.*-details-v1:1\.20\.3$/m,
        );
    });

    test("that Kiali is closed to the outside", async () => {
        const { first, report } = await previewOf({ "addons.kiali.serviceType": "ClusterIP" });
        expect(first).toMatch(
            new RegExp(
                `^## 🔵 ${stack.name}: closes kiali to the outside \\(node ports \\d+ and \\d+\\); restarts nothing; no object ` +
                    `is deleted; the gateway keeps port ${await gatewayPort()}$`,
            ),
        );
        expect(report.changes.map(({ title, fields }) => [title, fields])).toEqual([
            [`Service ${ISTIO_NAMESPACE}/kiali`, ["spec.type"]],
        ]);
    });

    test("that a renamed namespace goes with all that is in it", async () => {
        const { first, report } = await previewOf({ "bookinfo.namespace": "books" });
        expect(first).toBe(
            `## 🔴 ${stack.name}: deletes namespace ${BOOKINFO_NAMESPACE} with all that is in it and makes books; ` +
                `the gateway gets another address; restarts ${BOOKINFO}; makes ${report.counts.replaced} objects anew`,
        );
        expect(report.risks[0]).toMatchObject({
            level: "danger",
            sentence: expect.stringMatching(
                /^Namespace istio-sample is deleted .* \d\d objects of this stack/,
            ) as string,
        });
    });

    test("why the program refuses", async () => {
        const { code, first, report } = await previewOf({ "addons.loki.storageClass": "other" });
        expect(first).toMatch(
            /^## ⛔ .*: refused: The cluster .* StorageClass "standard", whose class cannot be changed to "other"/,
        );
        expect(code).toBe(1);
        expect(report).not.toHaveProperty("digest");
    });

    test("that another release of istiod leaves the sidecars behind", async () => {
        const { first, report } = await previewOf({ "istio.version": "1.25.3" });
        expect(first).toBe(
            `## 🟡 ${stack.name}: takes Istio's CRDs from 1.25.1 to 1.25.3; leaves sidecars at 1.25.1 until their pods ` +
                `are renewed; restarts bookinfo-gateway and istiod; no object is deleted; the gateway keeps port ${await gatewayPort()}`,
        );
        expect(report.risks.map(({ sentence }) => sentence).join()).toContain(BOOKINFO);
    });

    test("that Kiali gets a login, without its key", async () => {
        const { first, comment, report } = await previewOf({ "addons.kiali.access": "token" });
        expect(first).toContain("restarts kiali; Kiali asks for a login");
        expect(report.changes.map(({ title }) => title)).toContain(`ConfigMap ${ISTIO_NAMESPACE}/kiali`);
        expect(comment).not.toMatch(/CHANGEME|signing_key: [^"\s[]/);
    });
});

test("a report leaves the selected stack selected", async () => {
    const other = "lab-report-other";
    const selected = async () => (await lab.output(["pulumi", "stack", "--show-name"])).trim();
    await lab.output(["pulumi", "stack", "init", other]);
    try {
        await run("preview:report");
        expect(await selected()).toBe(other);
    } finally {
        await lab.output(["pulumi", "stack", "rm", other, "--yes"]);
        await lab.output(["pulumi", "stack", "select", stack.name]);
    }
});

test("a stack that does not exist is one sentence", async () => {
    const { code, stderr, stdout } = await lab.run([
        "npm",
        "run",
        "--silent",
        "preview:report",
        "--",
        "--stack",
        "nobody",
    ]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n").at(-1)).toMatch(
        /^The preview of stack "nobody" did not start: no stack named 'nobody' found/,
    );
});

describe("an update", () => {
    const settings = { "addons.kiali.serviceType": "ClusterIP" };
    const kiali = async () =>
        (await getOne<Service>(lab, "service", "kiali", "--namespace", ISTIO_NAMESPACE)).spec.type;

    test("is what was approved, or nothing", async () => {
        const { report: approved } = await previewOf(settings);
        await stack.with(settings, async () => {
            const { code, stdout } = await run("up:report", ["--digest", "0".repeat(64)]);
            expect(code).toBe(2);
            expect(stdout).toContain(
                `refused: What would happen is not what was approved: the digest of the changes is ${approved.digest}`,
            );
            expect(await kiali()).toBe("NodePort");

            const done = await run("up:report", ["--digest", approved.digest!.slice(0, 16)]);
            expect(done.code).toBe(0);
            expect(await kiali()).toBe("ClusterIP");
            expect(written()).toMatchObject({ kind: "up", digest: approved.digest, headline: approved.headline });
        });
        await stack.up("--skip-preview");
    });
});

describe("drift", () => {
    /** Puts everything back: the stack's own way is to look, and then to update. */
    const mend = async () => {
        await stack.refresh();
        await stack.up("--skip-preview");
    };

    test("is nothing where nobody changed anything, and where istiod was restarted", async () => {
        expect((await run("drift")).code).toBe(0);
        await kubectl("rollout", "restart", "deployment/istiod", "-n", ISTIO_NAMESPACE);
        await kubectl("rollout", "status", "deployment/istiod", "-n", ISTIO_NAMESPACE);
        await kubectl("delete", "pod", "-l", "app=istiod", "-n", ISTIO_NAMESPACE);
        await kubectl("rollout", "status", "deployment/istiod", "-n", ISTIO_NAMESPACE);
        const { code, stdout } = await run("drift");
        expect(stdout.split("\n")[0]).toBe(`## 🟢 ${stack.name}: nothing differs`);
        expect(code).toBe(0);
    });

    test("names object and field, and who changed it", async () => {
        await kubectl("scale", "deployment/ratings-v1", "--replicas=3", "-n", BOOKINFO_NAMESPACE);
        const patch = JSON.stringify({ data: { "runtime-config.yaml": "overrides: {}\n" } });
        await kubectl("patch", "configmap", "loki-runtime", "-n", ISTIO_NAMESPACE, "--type", "merge", "-p", patch);
        await kubectl("delete", "service", "ratings", "-n", BOOKINFO_NAMESPACE);
        try {
            const { code, stdout } = await run("drift");
            expect(code).toBe(2);
            expect(stdout.split("\n")[0]).toContain(`🔴 ${stack.name}: Service ${BOOKINFO_NAMESPACE}/ratings is gone`);
            const { risks, counts } = written();
            expect(risks.map(({ sentence }) => sentence)).toEqual([
                `Service ${BOOKINFO_NAMESPACE}/ratings is gone: somebody has deleted it.`,
                expect.stringMatching(
                    /^ConfigMap istio-system\/loki-runtime: data\["runtime-config.yaml"\] is .*, written by kubectl-patch at 20.*Z\.$/,
                ),
                expect.stringMatching(/^Deployment istio-sample\/ratings-v1: spec\.replicas is 3, not 1\.$/),
            ]);
            expect(counts).toMatchObject({ updated: 2, deleted: 1 });
        } finally {
            await kubectl("scale", "deployment/ratings-v1", "--replicas=1", "-n", BOOKINFO_NAMESPACE);
            await mend();
        }
        expect((await run("drift")).code).toBe(0);
    });

    test("is nothing where an autoscaler has scaled", async () => {
        const inBookinfo = ["-n", BOOKINFO_NAMESPACE];
        const replicas = async () => {
            const found = await getOne<{ spec: { replicas: number } }>(lab, "deployment", "ratings-v1", ...inBookinfo);
            return found.spec.replicas;
        };
        await kubectl("autoscale", "deployment/ratings-v1", "--min=2", "--max=3", "--cpu-percent=50", ...inBookinfo);
        try {
            await eventually(replicas, (number) => number === 2, "the autoscaler has scaled");
            expect((await run("drift")).code).toBe(0);
        } finally {
            await kubectl("delete", "horizontalpodautoscaler", "ratings-v1", ...inBookinfo);
            await kubectl("scale", "deployment/ratings-v1", "--replicas=1", ...inBookinfo);
        }
    });

    test("cannot be told of a cluster that is not reached", async () => {
        const { code, stdout, stderr } = await run("drift", [], { KUBECONFIG: join(out, "none") });
        expect(`${stdout}${stderr}`).not.toContain("nothing differs");
        expect(code).toBe(1);
    });
});

test("writes the comment and, of each stack, all of it and the JSON", () => {
    expect(["comment.md", `${stack.name}.md`, `${stack.name}.json`].map((name) => existsSync(join(out, name)))).toEqual(
        [true, true, true],
    );
});
