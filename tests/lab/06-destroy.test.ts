import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { labStatus, namespacesOf } from "@istio-on-pulumi/lab";
import { Lab, TEST_LAB } from "../support/lab";
import { describe as inWords, differences, withoutServerFields } from "../support/lab-compare";
import { LEFTOVERS } from "../support/lab-leftovers";
import { ask, Load, type LoadReport, untilAnswered } from "../support/lab-load";
import { byKey, eventually, getAll, type KubeObject, snapshot } from "../support/lab-objects";
import { type LabServer, startServer } from "../support/lab-server";
import { Stack } from "../support/lab-stack";
import { isReady } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const pristine = byKey(JSON.parse(readFileSync(inject("pristineFile"), "utf8")) as KubeObject[]);
const leftovers = LEFTOVERS.map(({ key }) => key).sort();

const addedKeys = (objects: ReadonlyMap<string, KubeObject>) =>
    [...objects.keys()].filter((key) => !pristine.has(key)).sort();
/** What the README says about it. */
function documented(): string {
    const readme = readFileSync(join(lab.place.repository, "README.md"), "utf8");
    return /## What remains after `pulumi destroy`\n([\s\S]*?)\n## /.exec(readme)![1]!;
}
/** The cluster as it is when what ends by itself (volumes, terminating pods) has ended. */
const afterDestroy = () =>
    eventually(
        () => snapshot(lab),
        (objects) => addedKeys(objects).every((key) => leftovers.includes(key)),
        "only the documented objects remain",
    ).catch(() => snapshot(lab));

describe("destroy, with requests on their way", () => {
    let remaining: Map<string, KubeObject>;
    let report: LoadReport;
    let url: string;
    /** How many requests were sent and how many of them failed when it began. */
    let atStart: [number, number];

    beforeAll(async () => {
        await stack.ensureUp();
        ({ productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>());
        await untilAnswered(url);
        const load = new Load(url);
        await load.more(50);
        atStart = [load.count, load.failed];
        await stack.destroy();
        report = await load.stop();
        remaining = await afterDestroy();
    });

    test("answers all of them before it begins, and refuses at the end", async () => {
        expect(atStart[0]).toBeGreaterThanOrEqual(50);
        expect(atStart[1]).toBe(0);
        expect(report.failures.at(-1)).toMatch(/ECONNREFUSED/);
        await expect(ask(url)).rejects.toThrow(/ECONNREFUSED/);
    });

    test("leaves no process and no network of a pod", () => {
        expect(labStatus(lab.place).pods).toEqual([]);
        expect(readdirSync(namespacesOf(lab.place)).filter((name) => name.startsWith(`${lab.place.netns}.`))).toEqual(
            [],
        );
    });

    test("leaves what the documented list names, all of it and nothing else", () => {
        expect(addedKeys(remaining)).toEqual(leftovers);
    });

    test("takes away and changes nothing that was there before", () => {
        const restless = ["Lease.coordination.k8s.io", "Node"];
        const found = [...pristine]
            .filter(
                ([, { kind, apiVersion }]) =>
                    !restless.includes(apiVersion.includes("/") ? `${kind}.${apiVersion.split("/")[0]}` : kind),
            )
            .flatMap(([key, before]) => {
                const now = remaining.get(key);
                const comparable = (object: KubeObject) => ({
                    ...withoutServerFields(object),
                    uid: object.metadata.uid,
                });
                return differences(key, comparable(before), now && comparable(now));
            });
        expect(inWords(found)).toBe("");
    });

    test("leaves no resource in the stack", async () => {
        expect(await stack.resources()).toEqual([]);
    });

    test("leaves what the README says", () => {
        const section = documented().replace(/\s+/g, " ");
        for (const { readme: words } of LEFTOVERS) expect(section).toContain(words);
    });
});

describe("up again, with Bookinfo in another namespace and an ambient kubeconfig that names another cluster", () => {
    const NAMESPACE = "bookinfo-elsewhere";
    let other: LabServer;
    let env: Record<string, string>;

    beforeAll(async () => {
        other = await startServer(lab);
        // Its context has the name of the right one, so that only the configured path tells them apart.
        const kubeconfig = join(lab.place.state, "other-kubeconfig");
        const cluster = {
            server: other.url,
            "certificate-authority-data": Buffer.from(other.certificate).toString("base64"),
        };
        writeFileSync(
            kubeconfig,
            JSON.stringify({
                apiVersion: "v1",
                kind: "Config",
                clusters: [{ name: "other", cluster }],
                users: [{ name: "other", user: { token: "none" } }],
                contexts: [{ name: "lab", context: { cluster: "other", user: "other" } }],
                "current-context": "lab",
            }),
        );
        env = { KUBECONFIG: kubeconfig };
    });
    afterAll(() => other.close());

    test("the other cluster would notice", async () => {
        await lab.run(["kubectl", "get", "namespaces", "--request-timeout=5s"], { env });
        await eventually(
            () => Promise.resolve(other.events.length),
            (number) => number > 0,
            "the other cluster tells of a request",
        );
        other.events.length = 0;
    });

    test("succeeds over what destroy has left, and puts Bookinfo there", async () => {
        await stack.with({ "cluster.kubeconfig": lab.place.kubeconfig, "bookinfo.namespace": NAMESPACE }, () =>
            stack.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], { env }),
        );
        const pods = await stayingPods(lab, 7, NAMESPACE);
        expect(pods.filter((pod) => !isReady(pod))).toEqual([]);
        expect(pods.filter(({ spec }) => spec.containers.length === 2)).toHaveLength(6);
        expect(await getAll(lab, "namespace", "istio-sample")).toEqual([]);
        const { endpoints } = await stack.outputs<{
            endpoints: Record<string, { namespace: string; address: string }>;
        }>();
        expect(endpoints.productpage).toMatchObject({
            namespace: NAMESPACE,
            address: `bookinfo-gateway-istio.${NAMESPACE}.svc`,
        });
    });

    test("comes to rest", async () => {
        const settings = { "cluster.kubeconfig": lab.place.kubeconfig, "bookinfo.namespace": NAMESPACE };
        await stack.with(settings, () =>
            stack.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes"], { env }),
        );
    });

    test("destroy leaves the same as before", async () => {
        await stack.pulumi(["destroy", "--yes", "--skip-preview", "--suppress-outputs"], { env });
        expect(addedKeys(await afterDestroy())).toEqual(leftovers);
    });

    test("nobody asked the other cluster", () => {
        expect(other.events).toEqual([]);
    });

    test("the README's commands remove the rest", async () => {
        await lab.output(["sh", "-ec", /```sh\n([\s\S]*?)```/.exec(documented())![1]!]);
        await eventually(
            async () => addedKeys(await snapshot(lab)),
            (added) => added.length === 0,
            "nothing remains",
        );
    });
});
