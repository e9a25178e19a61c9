import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { getAll, getOne, type KubeObject, snapshot, snapshotAtRest } from "../support/lab-objects";
import { printed } from "../support/lab-refused";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { isReady } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

beforeAll(() => stack.ensureUp());

test("every object of the stack says so, those of the chart and of the addons too", async () => {
    const resources = await stack.resources();
    const objects = resources.filter(
        ({ type, custom, external }) =>
            custom && !external && type.startsWith("kubernetes:") && !/helm\.sh|Patch$/.test(type),
    );
    expect(objects.length).toBeGreaterThan(70);
    const identity = resources.find(({ urn }) => urn.endsWith("StackIdentity$command:local:Command::stack"))!.id;
    const labels = (inputs: unknown) => (inputs as KubeObject).metadata.labels?.["istio-on-pulumi/stack"];
    expect(objects.filter(({ inputs }) => labels(inputs) !== identity).map(({ urn }) => urn)).toEqual([]);
});

test("a stack that is renamed changes nothing, and nor does it when it gets its name back", async () => {
    const name = `${stack.name}-renamed`;
    const settings = join(dirname(lab.place.stackSettings), `Pulumi.${name}.yaml`);
    copyFileSync(lab.place.stackSettings, settings);
    const rename = (from: string, to: string) => lab.output(["pulumi", "stack", "rename", to, "--stack", from]);
    try {
        await rename(stack.name, name);
        await lab.output(["pulumi", "preview", "--stack", name, "--expect-no-changes", "--non-interactive"]);
    } finally {
        if (!(await lab.output(["pulumi", "stack", "ls", "--json"])).includes(`"${stack.name}"`)) {
            await rename(name, stack.name);
        }
        rmSync(settings, { force: true });
    }
    await stack.preview("--expect-no-changes");
});

test("a kubeconfig that is given as a text serves as its file does, and its key is nowhere to be read", async () => {
    const kubeconfig = readFileSync(lab.place.kubeconfig, "utf8");
    const [, key] = /"client-key-data":\s*"([^"]+)"/.exec(kubeconfig)!;
    const settings = { "cluster.kubeconfig": kubeconfig, "inspection.mode": "local" };
    const said = await stack.with(settings, async () => {
        const up = await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
        return up + (await stack.pulumi(["stack", "export"])) + (await stack.pulumi(["stack", "output", "--json"]));
    });
    expect(said).not.toContain(key);
    await stack.up("--skip-preview");
});

describe("Bookinfo that moves to another namespace", () => {
    const elsewhere = { "bookinfo.namespace": "bookinfo-moved" };

    test("is there afterwards, all of it, and nothing of it where it was", async () => {
        await stack.with(elsewhere, async () => {
            await stack.up("--skip-preview");
            await stack.preview("--expect-no-changes");
        });
        const pods = await stayingPods(lab, 7, elsewhere["bookinfo.namespace"]);
        expect(pods.filter((pod) => !isReady(pod))).toEqual([]);
        expect(await getAll(lab, "namespace", BOOKINFO_NAMESPACE)).toEqual([]);
    });

    test("and comes back", async () => {
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
        expect((await stayingPods(lab, 7, BOOKINFO_NAMESPACE)).filter((pod) => !isReady(pod))).toEqual([]);
    });
});

describe("another cluster, whose context has the same name", () => {
    const other = Lab.named(`${TEST_LAB}-other`);
    /** What a command of the stack gets that is run where the other cluster is reached. */
    let env: Record<string, string>;
    let before: Map<string, KubeObject>;
    const there = (args: readonly string[]) =>
        other.run(["pulumi", ...args, "--stack", stack.name, "--non-interactive", "--color", "never"], { env });
    const uidOf = async (cluster: Lab) => (await getOne<KubeObject>(cluster, "namespace", "kube-system")).metadata.uid;

    beforeAll(async () => {
        await other.command("reset");
        await other.command("start");
        const variables = await lab.output(["sh", "-c", "env | grep '^PULUMI_'"]);
        env = Object.fromEntries(
            variables
                .trim()
                .split("\n")
                .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
        );
        await other.output(["kubectl", "create", "namespace", BOOKINFO_NAMESPACE]);
        await other.output(["kubectl", "-n", BOOKINFO_NAMESPACE, "create", "configmap", "of-somebody-else"]);
        before = await snapshotAtRest(other);
    });
    afterAll(() => other.command("reset"));

    test.each(["preview", "up"])("%s refuses it in one sentence", async (command) => {
        const outcome = await there([command, ...(command === "up" ? ["--yes", "--skip-preview"] : [])]);
        expect(outcome.code).not.toBe(0);
        const [found, expected] = [await uidOf(other), await uidOf(lab)];
        expect(printed(outcome)).toContain(
            `is not the one that this stack belongs to: the UID of its namespace kube-system is ${found}, not ${expected}`,
        );
        expect(printed(outcome)).not.toMatch(/^\s+at .*:\d+:\d+/m);
    });

    test("destroy says so and deletes nothing, there and in the state", async () => {
        const resources = (await stack.resources()).length;
        const outcome = await there(["destroy", "--yes", "--skip-preview"]);
        expect(outcome.code).not.toBe(0);
        expect(printed(outcome)).toContain("is not the one that this stack belongs to");
        expect(await stack.resources()).toHaveLength(resources);
    });

    test("nothing in it has changed", async () => {
        const now = await snapshot(other);
        // What the cluster's own controllers write all the time.
        const lasting = (kind: string) => !["Lease", "Node", "ServiceCIDR"].includes(kind);
        const versions = (objects: Map<string, KubeObject>) =>
            [...objects]
                .filter(([, { kind }]) => lasting(kind))
                .map(([key, { metadata }]) => `${key} ${metadata.resourceVersion as string}`);
        expect(versions(now).sort()).toEqual(versions(before).sort());
    });

    test("the stack is as it was", () => stack.preview("--expect-no-changes"));
});
