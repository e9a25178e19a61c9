import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { MeshReport } from "@istio-on-pulumi/inspect";
import { Lab, TEST_LAB } from "../support/lab";
import { eventually, getOne, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE, ISTIO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const NAME = "inspection-truth";

const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const inBookinfo = (...args: string[]) => kubectl("--namespace", BOOKINFO_NAMESPACE, ...args);
const apply = (...objects: object[]) =>
    lab.output(["kubectl", "apply", "--server-side", "-f", "-"], {
        input: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    });

/** What a command finds, with its exit code, and with what it prints for people at the end. */
async function inspect(section: "injection" | "doctor") {
    const command = ["node", "scripts/run.mjs", "packages/inspect/src/cli.ts", section, "--no-ask"];
    const { code, stdout, stderr } = await lab.run([...command, "--json"]);
    expect(stderr).toBe("");
    const { findings } = JSON.parse(stdout) as MeshReport;
    const of = (wanted: string) => findings.filter(({ severity }) => severity === wanted);
    const sentences = of("problem").map(({ message }) => message);
    const codes = of("problem").map(({ code: id, subject }) => `${id} ${subject}`);
    return { code, codes, sentences, notes: of("note").map(({ code: id, subject }) => `${id} ${subject}`) };
}

/** Waits until both commands have found this, and nothing else. */
async function finds(problems: readonly string[]): Promise<string[]> {
    const right = ({ codes }: { codes: string[] }) => codes.toSorted().join() === problems.toSorted().join();
    const { code, sentences } = await eventually(() => inspect("injection"), right, `inspect names ${problems.join()}`);
    const doctor = await inspect("doctor");
    expect([code, doctor.code]).toEqual(problems.length === 0 ? [0, 0] : [1, 1]);
    expect(doctor.codes).toEqual(expect.arrayContaining([...problems]));
    return sentences;
}

/** Lets its controller try again: after many refusals it waits for minutes. */
const tryAgain = () => inBookinfo("annotate", "replicasets", "--all", "--overwrite", `${NAME}=${Date.now()}`);

/** Deletes the pod of details until no other takes its place. */
const withoutDetails = () =>
    eventually(
        async () => {
            await inBookinfo("delete", "pod", "--selector", "app=details", "--ignore-not-found");
            return getOne<KubeObject>(lab, "deployment", "details-v1", "--namespace", BOOKINFO_NAMESPACE);
        },
        ({ status }) =>
            (status as { conditions: { type: string }[] }).conditions.some(({ type }) => type === "ReplicaFailure"),
        "no new pod of details",
    );

async function mended(...kinds: string[]): Promise<void> {
    for (const kind of kinds) await inBookinfo("delete", kind, NAME, "--ignore-not-found");
    await eventually(
        async () => {
            await tryAgain();
            return inspect("injection");
        },
        ({ code }) => code === 0,
        "nothing is wrong",
        { everyMs: 2000 },
    );
    expect(await finds([])).toEqual([]);
}

beforeAll(() => stack.ensureUp());
beforeEach(async () => expect((await inspect("injection")).codes).toEqual([]));

describe("pods that are not there", () => {
    const missing = `workload/missing-pods ${BOOKINFO_NAMESPACE}/details-v1`;
    const details = `The Deployment ${BOOKINFO_NAMESPACE}/details-v1 has 0 of 1 pod, because: `;

    describe("by a policy that denies NET_ADMIN", () => {
        afterAll(() => mended("validatingadmissionpolicybinding", "validatingadmissionpolicy"));

        test("are named with what the policy says", async () => {
            const group = "admissionregistration.k8s.io/v1";
            await apply(
                {
                    apiVersion: group,
                    kind: "ValidatingAdmissionPolicy",
                    metadata: { name: NAME },
                    spec: {
                        failurePolicy: "Fail",
                        matchConstraints: {
                            resourceRules: [
                                { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
                            ],
                        },
                        validations: [
                            {
                                expression:
                                    "!has(object.spec.initContainers) || object.spec.initContainers.all(c, " +
                                    "!has(c.securityContext) || !has(c.securityContext.capabilities) || " +
                                    "!has(c.securityContext.capabilities.add) || " +
                                    "!c.securityContext.capabilities.add.exists(each, each == 'NET_ADMIN'))",
                                message: "NET_ADMIN is not allowed here",
                            },
                        ],
                    },
                },
                {
                    apiVersion: group,
                    kind: "ValidatingAdmissionPolicyBinding",
                    metadata: { name: NAME },
                    spec: { policyName: NAME, validationActions: ["Deny"] },
                },
            );
            await withoutDetails();
            const [sentence] = await finds([missing]);
            expect(sentence).toContain(details);
            expect(sentence).toMatch(
                /pods "details-v1-\S+" is forbidden: ValidatingAdmissionPolicy 'inspection-truth'/,
            );
            expect(sentence).toContain("denied request: NET_ADMIN is not allowed here; see: kubectl -n");
        });
    });

    describe("by a quota", () => {
        afterAll(() => mended("resourcequota"));

        test("are named with the quota", async () => {
            await apply({
                apiVersion: "v1",
                kind: "ResourceQuota",
                metadata: { name: NAME, namespace: BOOKINFO_NAMESPACE },
                spec: { hard: { pods: "1" } },
            });
            await withoutDetails();
            const [sentence] = await finds([missing]);
            expect(sentence).toContain(details);
            expect(sentence).toMatch(
                /exceeded quota: inspection-truth, requested: pods=1, used: pods=\d, limited: pods=1/,
            );
        });
    });

    describe("by an injector whose Service is gone", () => {
        afterAll(() => mended("mutatingwebhookconfiguration"));

        test("are named, and the injector that an earlier Istio left over", async () => {
            const injector = await getOne<KubeObject>(lab, "mutatingwebhookconfiguration", "istio-sidecar-injector");
            const webhooks = injector.webhooks as { name: string; clientConfig: { service: object } }[];
            const webhook = webhooks.find(({ name }) => name === "namespace.sidecar-injector.istio.io")!;
            const service = { ...webhook.clientConfig.service, name: "istiod-old" };
            await apply({
                apiVersion: injector.apiVersion,
                kind: injector.kind,
                metadata: { name: NAME, labels: { "istio.io/rev": "old" } },
                webhooks: [{ ...webhook, clientConfig: { ...webhook.clientConfig, service } }],
            });
            await withoutDetails();
            const sentences = await finds([`injection/no-service ${NAME}`, missing]);
            expect(sentences[0]).toContain(
                `The webhook ${NAME} calls the Service ${ISTIO_NAMESPACE}/istiod-old, which does not exist, so the API ` +
                    "server rejects every pod that it is asked for;",
            );
            expect(sentences[1]).toContain(details);
            expect(sentences[1]).toContain('service "istiod-old" not found');
        });
    });

    describe("by a ServiceAccount that nobody made", () => {
        const kinds = ["deployment", "statefulset", "daemonset", "job"];
        afterAll(() => mended(...kinds));

        test("are named for each kind of workload", async () => {
            const labels = { app: NAME };
            const metadata = { name: NAME, namespace: BOOKINFO_NAMESPACE };
            const containers = [{ name: "app", image: "registry.test/app:1" }];
            const pod = (more: object = {}) => ({
                template: { metadata: { labels }, spec: { serviceAccountName: "nobody", containers, ...more } },
            });
            const selector = { matchLabels: labels };
            await apply(
                { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector, ...pod() } },
                { apiVersion: "apps/v1", kind: "StatefulSet", metadata, spec: { selector, serviceName: "", ...pod() } },
                { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec: { selector, ...pod() } },
                { apiVersion: "batch/v1", kind: "Job", metadata, spec: pod({ restartPolicy: "Never" }) },
            );
            const sentences = await finds(kinds.map(() => `workload/missing-pods ${BOOKINFO_NAMESPACE}/${NAME}`));
            for (const [at, kind] of ["Deployment", "StatefulSet", "DaemonSet", "Job"].entries()) {
                expect(sentences[at]).toContain(`The ${kind} ${BOOKINFO_NAMESPACE}/${NAME} has 0 of 1 pod, because: `);
                expect(sentences[at]).toContain('serviceaccount "nobody" not found');
            }
        });
    });
});

describe("a pod that no node takes", () => {
    afterAll(() => mended("pod"));

    test("is named with the scheduler's words", async () => {
        await apply({
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: NAME, namespace: BOOKINFO_NAMESPACE },
            spec: { nodeSelector: { no: "node" }, containers: [{ name: "app", image: "registry.test/app:1" }] },
        });
        const [sentence] = await finds([`injection/not-ready ${BOOKINFO_NAMESPACE}/${NAME}`]);
        expect(sentence).toMatch(/is not ready: Unschedulable: 0\/\d+ nodes are available: .*node affinity\/selector/);
    });
});

describe("a budget that allows no disruption", () => {
    afterAll(() => mended("poddisruptionbudget"));

    test("is a note, and nothing is wrong", async () => {
        await apply({
            apiVersion: "policy/v1",
            kind: "PodDisruptionBudget",
            metadata: { name: NAME, namespace: BOOKINFO_NAMESPACE },
            spec: { maxUnavailable: 0, selector: { matchLabels: { app: "details" } } },
        });
        const { code, codes } = await eventually(
            () => inspect("injection"),
            ({ notes }) => notes.includes(`workload/budget ${BOOKINFO_NAMESPACE}/${NAME}`),
            "the budget is noted",
        );
        expect([code, codes]).toEqual([0, []]);
    });
});
