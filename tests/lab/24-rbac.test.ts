import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { AUDITED, grantedRights, kubeconfigOf, unusedRights, usedRights, versions } from "../support/lab-access";
import { printed } from "../support/lab-refused";
import { type ChangeSummary, Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE, ISTIO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const directory = mkdtempSync(join(tmpdir(), "istio-on-pulumi-rbac-"));
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const settings = {
    "namespaces.existing": JSON.stringify([ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]),
    "inspection.mode": "local",
    "gateway.nodePort": "30080",
};
/** Of each kind of change: pods restarted, an object in place, a new one, and a claim. */
const changed = {
    ...settings,
    "bookinfo.tag": "1.20.3",
    "addons.kiali.serviceType": "ClusterIP",
    "mtls.mode": "STRICT",
    "bookinfo.networkPolicies": "true",
    "addons.prometheus.storageSize": "1Gi",
};
const rbac = (...args: string[]) =>
    lab.run(["npm", "run", "--silent", "rbac", "--", "--stack", stack.name, "--namespace", AUDITED, ...args]);
const env: Record<"up" | "preview" | "admin", Record<string, string>> = { up: {}, preview: {}, admin: {} };
let manifest: string;

beforeAll(async () => {
    await stack.destroy();
    const refused = await rbac();
    expect(refused.stderr.trim().split("\n").at(-1)).toMatch(
        /would make the namespaces istio-system, istio-sample itself, and rights .*kubectl create namespace <name>, .*namespaces\.existing/,
    );
    for (const name of [ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) await kubectl("create", "namespace", name);
    // With the change of below: rights are on what is registered, and a new object takes new ones.
    const { stdout, stderr, code } = await stack.with(changed, rbac);
    expect(code, stderr).toBe(0);
    manifest = stdout;
    await lab.output(["kubectl", "apply", "-f", "-"], { input: manifest });
    for (const account of ["up", "preview"] as const) {
        env[account] = { KUBECONFIG: await kubeconfigOf(lab, account, directory) };
    }
});

afterAll(async () => {
    rmSync(directory, { recursive: true });
    await stack.with(settings, () => stack.destroy());
    await lab.run(["kubectl", "delete", "-f", "-", "--ignore-not-found"], { input: manifest });
    await kubectl("delete", "namespace", ISTIO_NAMESPACE, BOOKINFO_NAMESPACE, "--ignore-not-found");
});

const counts = async (who: keyof typeof env, values: Record<string, string>): Promise<ChangeSummary> => {
    const text = await stack.with(values, () => stack.pulumi(["preview", "--json"], { env: env[who] }));
    return (JSON.parse(text) as { changeSummary: ChangeSummary }).changeSummary;
};
const attempt = (who: keyof typeof env, command: string, values: Record<string, string> = settings) =>
    stack.with(values, () =>
        stack.attempt([command, "--yes", "--skip-preview", "--suppress-outputs"], { env: env[who] }),
    );
const succeed = async (...args: Parameters<typeof attempt>) => {
    const outcome = await attempt(...args);
    expect(outcome.code, printed(outcome)).toBe(0);
};

/** What is refused, in one sentence, while nothing in the cluster becomes another. */
async function refusedSentence(command: string): Promise<string> {
    const before = await versions(lab);
    const outcome = await attempt("preview", command);
    expect(await versions(lab)).toEqual(before);
    expect(outcome.code).not.toBe(0);
    const sentences = new Set(printed(outcome).match(/The cluster of context .*may only try changes out.*$/gm));
    expect(sentences.size, printed(outcome)).toBe(1);
    return [...sentences][0]!;
}

const REFUSAL = new RegExp(
    'The cluster of context "lab" .* lets this user change nothing, so nothing was changed: namespaces "istio-system" is ' +
        `forbidden: ValidatingAdmissionPolicy '${AUDITED}-preview' .*: ServiceAccount ${AUDITED}/preview may only try ` +
        "changes out \\(dryRun\\)$",
);

/** Of what `up` may do; a right that is not among it and not used is one too many. */
const EXPECTED_UNUSED = [
    // For the log an apply is a patch, also where it creates; these two are checked within one.
    /^(create|bind|escalate) /,
    // What the chart brings with other values.
    /(horizontalpodautoscalers.autoscaling|poddisruptionbudgets.policy) in istio-system/,
    /configmaps in istio-system pilot-jwks-extra-cacerts$/,
    // Helm's upgrade of chart `base`.
    /^patch customresourcedefinitions\.\S+ \S+\.istio\.io$/,
    /^patch serviceaccounts in istio-system istio-reader-service-account$/,
    /^patch validatingwebhookconfigurations\.\S+ istiod-default-validator$/,
    // Another version of the plugin.
    /^list endpointslices.discovery.k8s.io /,
];

describe("an empty cluster", () => {
    test("is previewed by the ServiceAccount preview as by an administrator", async () => {
        expect(await counts("preview", settings)).toEqual(await counts("admin", settings));
    });

    test("is not changed by the ServiceAccount preview, which is told so in one sentence", async () => {
        expect(await refusedSentence("up")).toMatch(REFUSAL);
    });

    test("is brought up by the ServiceAccount up, and its inspection finds no problem", async () => {
        await succeed("up", "up");
        const { inspection } = await stack.outputs<{ inspection: { ok: boolean; findings: { code: string }[] } }>();
        expect(inspection.ok).toBe(true);
        expect(inspection.findings.map(({ code }) => code)).not.toContain("before/permissions");
    });
});

describe("a stack that is up", () => {
    test("is previewed with changes as by an administrator", async () => {
        const summary = await counts("preview", changed);
        expect(summary).toEqual(await counts("admin", changed));
        expect(summary).toMatchObject({ create: 7, update: expect.any(Number) as number });
    });

    test("is changed by up alone", async () => {
        expect(await refusedSentence("up")).toMatch(REFUSAL);
        expect(await refusedSentence("destroy")).toMatch(REFUSAL);
        await succeed("up", "up", changed);
        expect(await counts("preview", changed)).not.toHaveProperty("update");
    });

    test("is looked at for drift by up alone, since Helm's records are among the namespace's Secrets", async () => {
        const drift = (who: keyof typeof env) =>
            stack.with(changed, () =>
                lab.run(["npm", "run", "-s", "drift", "--", "--stack", stack.name], { env: env[who] }),
            );
        const outcome = await drift("up");
        expect(outcome.code, printed(outcome)).toBe(0);
        const refused = await drift("preview");
        expect(refused.stdout.split("\n")[0]).toMatch(/cannot be told: .* cannot list resource "secrets"/);
        expect(refused.code).toBe(1);
        await succeed("up", "refresh", changed);
    });

    test("is refreshed without a port of its own: the second time waits for the gateway's endpoints", async () => {
        const anyPort = { ...changed, "gateway.nodePort": "0" };
        await succeed("up", "up", anyPort);
        for (let time = 0; time < 2; time += 1) await succeed("up", "refresh", anyPort);
    });

    test("gives up no right on what is not the stack's", async () => {
        const may = async (who: "up" | "preview", ...question: string[]) =>
            (await lab.run(["kubectl", "auth", "can-i", ...question], { env: env[who] })).stdout.trim();
        for (const who of ["up", "preview"] as const) {
            expect(await may(who, "get", "secrets", "-n", "kube-system")).toBe("no");
            expect(await may(who, "create", "deployments", "-n", "default")).toBe("no");
            expect(await may(who, "patch", "deployment/other", "-n", ISTIO_NAMESPACE)).toBe("no");
            expect(await may(who, "escalate", "clusterroles/cluster-admin")).toBe("no");
            expect(await may(who, "bind", "clusterroles/cluster-admin")).toBe("no");
            expect(await may(who, "create", "pods", "--subresource=exec", "-n", ISTIO_NAMESPACE)).toBe("no");
        }
        expect(await may("preview", "list", "secrets", "-n", ISTIO_NAMESPACE)).toBe("no");
        expect(await may("preview", "delete", "deployment/istiod", "-n", ISTIO_NAMESPACE)).toBe("no");
    });

    test("is taken down by up, whose rights are used but for those that docs/access.md names", async () => {
        await succeed("up", "destroy", changed);
        const unused = (account: "up" | "preview") =>
            unusedRights(grantedRights(manifest, `${AUDITED}-${account}`), usedRights(lab, account));
        expect(unused("up").filter((right) => !EXPECTED_UNUSED.some((expected) => expected.test(right)))).toEqual([]);
        // What a preview tries is what has changed; it may get what it may list.
        expect(unused("preview").filter((right) => /^(list|watch) /.test(right))).toEqual([]);
        const written = usedRights(lab, "preview").filter(({ right: [verb, kind], isDryRun }) => {
            return !isDryRun && !["get", "list", "watch"].includes(verb) && !kind.startsWith("self");
        });
        // Refused ones are not among it.
        expect(written).toEqual([]);
    });
});
