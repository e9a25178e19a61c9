import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MeshReport } from "@istio-on-pulumi/inspect";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { underLoad, untilAnswered } from "../support/lab-load";
import { eventually, getAll, getOne, type KubeObject, snapshot } from "../support/lab-objects";
import { previewOf } from "../support/lab-preview";
import { printed } from "../support/lab-refused";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { containerOf, isReady, type Pod } from "../support/objects";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const REVISION = "1-26-0";
const TAG_INJECTOR = "istio-revision-tag-default";
let settingsBefore: Buffer;

beforeAll(async () => {
    await stack.ensureUp();
    settingsBefore = readFileSync(lab.place.stackSettings);
    await lab.learnIstio("1.25.3", "1.26.0");
});
afterAll(() => writeFileSync(lab.place.stackSettings, settingsBefore));

const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);

/** Does something while requests are on their way: not one of them may fail. */
async function served(action: () => Promise<unknown>): Promise<void> {
    const { productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>();
    await untilAnswered(url);
    const { failures, sent } = await underLoad(url, action);
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(60);
}

/** The preview that the guide shows under a heading. */
function shown(heading: string): string[] {
    const [, section] = readFileSync(join(lab.place.repository, "docs", "upgrades.md"), "utf8").split(`${heading}\n`);
    return /```diff\n([\s\S]*?)\n```/.exec(section ?? "")![1]!.split("\n");
}

/** Changes settings and brings the stack up with them, under load; the preview is the one that the guide shows. */
async function step(settings: Readonly<Record<string, string>>, heading: string): Promise<void> {
    await stack.set(settings);
    expect(await previewOf(stack)).toEqual(shown(heading));
    await served(() => stack.up("--skip-preview"));
    await stack.preview("--expect-no-changes");
}

/** Takes a setting back, as `step`. */
async function stepBack(path: string): Promise<void> {
    await stack.pulumi(["config", "rm", "--path", path]);
    await served(() => stack.up("--skip-preview"));
    await stack.preview("--expect-no-changes");
}

/** Versions of the proxies in Bookinfo's namespace, the gateway's too, once its pods are at rest. */
async function proxies(): Promise<string[]> {
    const pods = await eventually(
        () => getAll<Pod>(lab, "pods", "--namespace", BOOKINFO_NAMESPACE),
        (seen) => seen.length === 7 && seen.every(isReady),
        "the seven pods are ready",
    );
    return pods.map((pod) => containerOf(pod, "istio-proxy").image.split(":")[1]!).sort();
}

const SEVEN = (version: string) => Array<string>(7).fill(version);

async function doctor(): Promise<{ code: number; problems: string[]; messages: string[] }> {
    const command = ["node", "scripts/run.mjs", "packages/inspect/src/cli.ts", "doctor", "--no-ask", "--json"];
    const { code, stdout } = await lab.run(command);
    const problems = (JSON.parse(stdout) as MeshReport).findings.filter(({ severity }) => severity === "problem");
    return { code, problems: problems.map((found) => found.code), messages: problems.map(({ message }) => message) };
}

const restart = async () => {
    await kubectl("rollout", "restart", "deployment", "--namespace", BOOKINFO_NAMESPACE);
    await kubectl("rollout", "status", "deployment", "--namespace", BOOKINFO_NAMESPACE, "--timeout=180s");
};

describe("in place, from 1.25.1 to 1.25.3", () => {
    test("istiod, its CRDs and the gateway follow, no sidecar does, and no request fails", async () => {
        await step({ "istio.version": "1.25.3" }, "## In place");
        // The gateway's Deployment is istiod's to renew.
        await eventually(proxies, (seen) => seen.at(-1) === "1.25.3", "the gateway is of the new version");
        expect(await proxies()).toEqual([...Array<string>(6).fill("1.25.1"), "1.25.3"]);
        const crds = (
            await getAll(lab, "customresourcedefinitions", "--selector", "app.kubernetes.io/part-of=istio")
        ).map(({ metadata }) => metadata.labels?.["app.kubernetes.io/version"]);
        expect(new Set(crds)).toEqual(new Set(["1.25.3"]));
    });

    test("the inspection names each sidecar that is left behind, with the command that renews it", async () => {
        const { code, problems, messages } = await doctor();
        expect(code).toBe(1);
        expect(problems).toEqual(Array(6).fill("injection/version"));
        expect(messages[0]).toContain(`kubectl -n ${BOOKINFO_NAMESPACE} rollout restart deployment `);
    });

    test("the sidecars follow when their pods are restarted, and no request fails", async () => {
        await served(restart);
        expect(await proxies()).toEqual(SEVEN("1.25.3"));
        expect(await doctor()).toMatchObject({ code: 0, problems: [] });
    });

    test("a minor version that is skipped, or gone back over, is refused", async () => {
        const refused = async (version: string) => {
            await stack.pulumi(["config", "set", "--path", "istio.version", version]);
            return printed(await stack.attempt(["preview"]));
        };
        // As if the control plane that is there were of another minor.
        const label = (version: string) =>
            kubectl(
                ...["label", "deployment", "istiod", "--namespace", ISTIO_NAMESPACE, "--overwrite"],
                `app.kubernetes.io/version=${version}`,
            );
        try {
            await label("1.24.6");
            expect(await refused("1.26.0")).toContain(
                "Istio's upgrades go one minor version at a time: 1.25 comes before",
            );
            await label("1.26.0");
            expect(await refused("1.25.3")).toContain(
                "going back in place to 1.25.3 could lose what only the CRDs of 1.26",
            );
        } finally {
            await label("1.25.3");
            await stack.pulumi(["config", "set", "--path", "istio.version", "1.25.3"]);
        }
        await stack.preview("--expect-no-changes");
    });
});

describe("by revision, from 1.25.3 to 1.26.0", () => {
    let before: Map<string, KubeObject>;
    /** Objects by name that are not made and renamed by controllers. */
    const lasting = (objects: Map<string, KubeObject>) =>
        [...objects.keys()]
            .filter((key) => !/^(Pod|ReplicaSet|EndpointSlice|Event|Lease|PodMetrics)\b/.test(key))
            // Helm numbers its Secrets by the release's revision.
            .filter((key) => !key.includes("sh.helm.release."))
            .sort();

    test("a second control plane stands beside the first, and serves nobody yet", async () => {
        before = await snapshot(lab);
        await step({ [`istio.revisions.${REVISION}`]: "1.26.0" }, "### 1. A second control plane");
        const istiods = await getAll<Pod>(lab, "pods", "--namespace", ISTIO_NAMESPACE, "--selector", "app=istiod");
        expect(istiods.map(({ spec }) => spec.containers[0]!.image.split(":")[1]).sort()).toEqual(["1.25.3", "1.26.0"]);
        expect(await proxies()).toEqual(SEVEN("1.25.3"));
        expect(await doctor()).toMatchObject({ code: 0, problems: [] });
    });

    test("a namespace is moved by its label: and its gateway stays, and no request fails", async () => {
        await step({ "bookinfo.revision": REVISION }, "### 2. Move a namespace");
        const moved = ["1.25.3", ...Array<string>(6).fill("1.26.0")];
        await eventually(proxies, (seen) => seen.join() === moved.join(), "all sidecars are of the new version");
        const { metadata } = await getOne<KubeObject>(lab, "namespace", BOOKINFO_NAMESPACE);
        expect(metadata.labels).toMatchObject({ "istio.io/rev": REVISION });
        expect(metadata.labels).not.toHaveProperty("istio-injection");
        expect(await doctor()).toMatchObject({ code: 0, problems: [] });
    });

    test("going back from the middle leaves what was there before, and no request fails", async () => {
        await stack.pulumi(["config", "rm", "--path", `istio.revisions.${REVISION}`]);
        const refused = printed(await stack.attempt(["preview"]));
        expect(refused).toContain(`bookinfo.revision is "${REVISION}", which is no revision`);
        await stack.set({ [`istio.revisions.${REVISION}`]: "1.26.0" });
        await stepBack("bookinfo.revision");
        await eventually(proxies, (seen) => seen.at(-1) === "1.25.3", "all proxies are of the old version");
        await stepBack(`istio.revisions.${REVISION}`);
        expect(lasting(await snapshot(lab))).toEqual(lasting(before));
        expect(await doctor()).toMatchObject({ code: 0, problems: [] });
    });

    test("the tag makes the new one the default, for namespaces that name none", async () => {
        await stack.set({
            [`istio.revisions.${REVISION}`]: "1.26.0",
            "bookinfo.revision": REVISION,
        });
        await stack.up("--skip-preview");
        await kubectl("create", "namespace", "follower");
        await kubectl("label", "namespace", "follower", "istio-injection=enabled");
        const pod = (name: string) =>
            kubectl(
                ...[
                    "run",
                    name,
                    "--namespace",
                    "follower",
                    "--image",
                    "docker.io/istio/examples-bookinfo-details-v1:1.20.2",
                ],
            );
        const imageOf = async (name: string) =>
            containerOf(await getOne<Pod>(lab, "pod", name, "--namespace", "follower"), "istio-proxy")?.image;
        await pod("old");
        expect(await imageOf("old")).toMatch(/:1\.25\.3$/);
        await step({ "istio.defaultRevision": REVISION }, "### 3. The new one becomes the default");
        await eventually(proxies, (seen) => seen[0] === "1.26.0", "the gateway is of the new version");
        await pod("new");
        expect(await imageOf("new")).toMatch(/:1\.26\.0$/);
        const injectors = (await getAll(lab, "mutatingwebhookconfigurations")).map(({ metadata }) => metadata.name);
        expect(injectors.filter((name) => name.startsWith("istio-")).sort()).toEqual([
            TAG_INJECTOR,
            `istio-sidecar-injector-${REVISION}`,
        ]);
    });

    test("the old one is not removed while a proxy uses it", async () => {
        await stack.set({ "istio.onlyRevisions": "true" });
        const refused = printed(await stack.attempt(["preview"]));
        expect(refused).toContain("1 proxy of the control plane without a revision, which is to be removed");
        expect(refused).toContain("in the namespaces follower");
        await kubectl("delete", "pod", "old", "--namespace", "follower");
    });

    test("the old one is removed, and no request fails", async () => {
        await step({ "istio.onlyRevisions": "true" }, "### 4. The old one goes");
        const istiods = await getAll<Pod>(
            lab,
            "deployments",
            "--namespace",
            ISTIO_NAMESPACE,
            "--selector",
            "app=istiod",
        );
        expect(istiods.map(({ metadata }) => metadata.name)).toEqual([`istiod-${REVISION}`]);
        expect(await doctor()).toMatchObject({ code: 0, problems: [] });
        await kubectl("delete", "namespace", "follower");
    });

    // Nothing in place leads from the last step to the first.
    test("a stack comes up from empty as the last step left it, and then with the older release's settings", async () => {
        await stack.destroy();
        await stack.up("--skip-preview");
        expect(await proxies()).toEqual(SEVEN("1.26.0"));
        expect(await doctor()).toMatchObject({ code: 0, problems: [] });
        await stack.destroy();
        writeFileSync(lab.place.stackSettings, settingsBefore);
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
    });
});
