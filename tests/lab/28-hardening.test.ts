import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { ask, underLoad, untilAnswered } from "../support/lab-load";
import { eventually, getAll, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { untilTraced } from "../support/lab-traces";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { type Deployment, nodePortOf, type Service } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
/** A namespace without sidecars, and the pod in it that asks and is asked. */
const OUTSIDE = "outside";
const MESH = [BOOKINFO_NAMESPACE, ISTIO_NAMESPACE];
let origin: string;
/** Asked of productpage, which asks reviews: its status is theirs. */
let reviews: string;

const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const podOf = async (namespace: string, app: string) => (await stayingPods(lab, 1, namespace, `app=${app}`))[0]!;
const addressOf = async (namespace: string, app: string) => (await podOf(namespace, app)).status.podIP;

/** The status of a request from within a pod; without an answer curl's exit code: 28 none in time, 56 a reset. */
async function asked(from: readonly [namespace: string, app: string, container: string], url: string): Promise<string> {
    const [namespace, app, container] = from;
    const { metadata } = await podOf(namespace, app);
    const curl = ["curl", "--silent", "--max-time", "3", "--output", "/dev/null", "--write-out", "%{http_code}", url];
    const inPod = ["kubectl", "exec", "--namespace", namespace, metadata.name, "--container", container, "--"];
    const { code, stdout } = await lab.run([...inPod, ...curl]);
    return code === 0 ? stdout : `curl ${code}`;
}

const outsider = [OUTSIDE, "outsider", "outsider"] as const;
const details = [BOOKINFO_NAMESPACE, "details", "details"] as const;
const inMesh = (service: string, path: string) => `http://${service}.${BOOKINFO_NAMESPACE}:9080${path}`;
const plain = (service: "productpage" | "reviews" | "ratings") =>
    asked(outsider, inMesh(service, service === "productpage" ? "/health" : `/${service}/0`));

async function rollOut(namespace: string): Promise<void> {
    await kubectl("rollout", "restart", "deployment", "--namespace", namespace);
    const names = (await kubectl("get", "deployment", "--namespace", namespace, "-o", "name")).trim().split("\n");
    for (const name of names) await kubectl("rollout", "status", name, "--namespace", namespace, "--timeout=90s");
}

/** Changes settings for good: each change begins where the one before it ended. */
async function change(settings: Readonly<Record<string, string>>): Promise<void> {
    await stack.set(settings);
    await stack.up("--skip-preview");
}

beforeAll(async () => {
    await stack.ensureUp();
    const { productpageUrl } = await stack.outputs<{ productpageUrl: string }>();
    ({ origin } = new URL(productpageUrl));
    reviews = `${origin}/api/v1/products/0/reviews`;
    await kubectl("create", "namespace", OUTSIDE);
    const ratings = await getOne<Deployment>(lab, "deployment", "ratings-v1", "--namespace", BOOKINFO_NAMESPACE);
    const { image } = ratings.spec.template.spec.containers[0]!;
    const containers = [{ name: "outsider", image, ports: [{ containerPort: 9080 }] }];
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "outsider", labels: { app: "outsider" } } };
    await lab.output(["kubectl", "apply", "--namespace", OUTSIDE, "-f", "-"], {
        input: JSON.stringify({ ...pod, spec: { containers } }),
    });
    await kubectl("wait", "--namespace", OUTSIDE, "--for=condition=Ready", "pod/outsider", "--timeout=60s");
    await untilAnswered(reviews);
});

const off = { "mtls.mode": "PERMISSIVE", "bookinfo.networkPolicies": "false", "namespaces.podSecurity": "false" };
afterAll(async () => {
    await kubectl("delete", "namespace", OUTSIDE, "--ignore-not-found");
    await change(off);
});

describe("mtls.mode STRICT", () => {
    test("refuses plain text from a pod without a sidecar, which is let in before; no other request fails", async () => {
        expect([await plain("productpage"), await plain("reviews")]).toEqual(["200", "200"]);
        const { failures } = await underLoad(reviews, async () => {
            await change({ "mtls.mode": "STRICT" });
            for (const service of ["productpage", "reviews"] as const) {
                await eventually(
                    () => plain(service),
                    (seen) => seen === "curl 56",
                    `${service} refuses plain text`,
                );
            }
        });
        expect(failures).toEqual([]);
    });

    test("is the mesh's: a namespace whose callers have no sidecars yet says otherwise", async () => {
        const policy = {
            apiVersion: "security.istio.io/v1",
            kind: "PeerAuthentication",
            metadata: { name: "for-now" },
        };
        await lab.output(["kubectl", "apply", "--namespace", BOOKINFO_NAMESPACE, "-f", "-"], {
            input: JSON.stringify({ ...policy, spec: { mtls: { mode: "PERMISSIVE" } } }),
        });
        try {
            await eventually(
                () => plain("reviews"),
                (seen) => seen === "200",
                "plain text is let in",
            );
        } finally {
            await kubectl("delete", "peerauthentication", "for-now", "--namespace", BOOKINFO_NAMESPACE);
        }
        await eventually(
            () => plain("reviews"),
            (seen) => seen === "curl 56",
            "plain text is refused again",
        );
    });

    test("is taken back, and no request fails", async () => {
        const { failures } = await underLoad(reviews, () => change({ "mtls.mode": "PERMISSIVE" }));
        expect(failures).toEqual([]);
        await eventually(
            () => plain("reviews"),
            (seen) => seen === "200",
            "plain text is let in",
        );
    });
});

describe("bookinfo.networkPolicies", () => {
    let enforcer: ChildProcess;
    const metricsOfDetails = async () =>
        `http://${await addressOf(BOOKINFO_NAMESPACE, "details")}:15020/stats/prometheus`;
    const rules = async () => (await lab.output(["iptables", "-t", "mangle", "-S", "POSTROUTING"])).trim();

    beforeAll(async () => {
        enforcer = await lab.spawn(["kube-network-policies"]);
        const [line] = (await once(createInterface(enforcer.stdout!), "line")) as [string];
        expect(line).toBe("NetworkPolicies are enforced");
    });

    afterAll(async () => {
        enforcer.kill("SIGTERM");
        await once(enforcer, "exit");
        expect(await rules()).toBe("-P POSTROUTING ACCEPT");
    });

    test("come and stay while all pods are replaced under load, so that each connection is a new one", async () => {
        expect(await asked(details, `http://${await addressOf(OUTSIDE, "outsider")}:9080/ratings/0`)).toBe("200");
        expect(await asked(details, inMesh("ratings", "/ratings/0"))).toBe("200");
        expect(await asked(outsider, await metricsOfDetails())).toBe("200");
        const { failures } = await underLoad(reviews, async () => {
            await change({ "bookinfo.networkPolicies": "true" });
            await rollOut(BOOKINFO_NAMESPACE);
        });
        expect(failures).toEqual([]);
    });

    test("keep the pods of another namespace out, of each service and of metrics", async () => {
        for (const service of ["productpage", "reviews", "ratings"] as const) {
            expect(await plain(service)).toBe("curl 28");
        }
        const metrics = await metricsOfDetails();
        expect(await asked(outsider, metrics)).toBe("curl 28");
        expect(await asked([ISTIO_NAMESPACE, "jaeger", "jaeger"], metrics)).toBe("200");
    });

    test("let the sample's services ask nobody but those they ask", async () => {
        const unanswered = ["curl 28", "503"];
        expect(unanswered).toContain(await asked(details, inMesh("ratings", "/ratings/0")));
        const address = await addressOf(OUTSIDE, "outsider");
        expect(unanswered).toContain(await asked(details, `http://${address}:9080/ratings/0`));
    });

    test("let everybody in by the gateway; the page is whole, and traces reach Jaeger", async () => {
        const gateway = `bookinfo-gateway-istio.${BOOKINFO_NAMESPACE}`;
        expect(await asked(outsider, `http://${gateway}/productpage`)).toBe("200");
        const service = await getOne<Service>(
            lab,
            "service",
            "bookinfo-gateway-istio",
            "--namespace",
            BOOKINFO_NAMESPACE,
        );
        const { status } = await podOf(OUTSIDE, "outsider");
        const nodePort = `http://${status.hostIP}:${nodePortOf(service, 80)}/productpage`;
        expect(await asked(outsider, nodePort)).toBe("200");
        for (let time = 0; time < 10; time += 1) {
            const { body } = await ask(`${origin}/productpage`);
            expect(body).toContain("ISBN-10");
            expect(body).not.toMatch(/unavailable|Error fetching/);
        }
        const proxies = ["bookinfo-gateway-istio", "productpage", "details", "reviews"];
        await untilTraced(lab, `${origin}/productpage`, "b1f7651916cd43dd8448eb211c80319d", proxies);
    });

    test("go, and no request fails; whoever was kept out is let in", async () => {
        const { failures } = await underLoad(reviews, () => change({ "bookinfo.networkPolicies": "false" }));
        expect(failures).toEqual([]);
        expect(await plain("productpage")).toBe("200");
    });
});

describe("namespaces.podSecurity", () => {
    /** What the API server says to a pod or a Deployment that it is asked for in a dry run. */
    const tried = async (namespace: string, object: object) => {
        const create = ["kubectl", "create", "--dry-run=server", "--namespace", namespace, "-f", "-"];
        const { stdout, stderr } = await lab.run(create, { input: JSON.stringify(object) });
        return stdout + stderr;
    };
    const spec = { hostNetwork: true, containers: [{ name: "a", image: "registry.test/a:1" }] };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec };
    const template = { metadata: { labels: { app: "a" } }, spec };
    const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } };

    test("lets all pods of the stack be made anew, and refuses what asks for more", async () => {
        expect(await tried(ISTIO_NAMESPACE, pod)).toContain("pod/a created");
        const { failures } = await underLoad(reviews, async () => {
            await change({ "namespaces.podSecurity": "true" });
            for (const namespace of MESH) await rollOut(namespace);
        });
        expect(failures).toEqual([]);
        expect(await tried(ISTIO_NAMESPACE, pod)).toMatch(/violates PodSecurity "baseline:latest": host namespaces/);
        const said = await tried(BOOKINFO_NAMESPACE, {
            ...deployment,
            spec: { selector: { matchLabels: { app: "a" } }, template },
        });
        expect(said).toMatch(/^Warning: would violate PodSecurity "restricted:latest": host namespaces/m);
        await stack.up("--skip-preview", "--expect-no-changes");
    });

    test("cannot be stricter: sidecars are what baseline refuses, and Bookinfo's containers are restricted", async () => {
        const level = (namespace: string, name: string) =>
            lab.run([
                "kubectl",
                "label",
                "namespace",
                namespace,
                "--dry-run=server",
                "--overwrite",
                `pod-security.kubernetes.io/enforce=${name}`,
            ]);
        const { stderr } = await level(BOOKINFO_NAMESPACE, "baseline");
        const complaints = stderr
            .split("\n")
            .filter((line) => /^Warning: .*: /.test(line) && !/existing pods/.test(line));
        expect(complaints).toHaveLength(1);
        expect(complaints[0]).toMatch(/: non-default capabilities/);
        expect(complaints[0]).not.toContain("gateway");
        expect((await level(ISTIO_NAMESPACE, "baseline")).stderr).toBe("");
        const ofBookinfo = ["--namespace", BOOKINFO_NAMESPACE, "--selector", "version"];
        const deployments = await getAll<Deployment>(lab, "deployment", ...ofBookinfo);
        expect(deployments).toHaveLength(6);
        const restricted = ["kubectl", "label", "namespace", OUTSIDE, "pod-security.kubernetes.io/enforce=restricted"];
        await lab.output(restricted);
        for (const { spec: alone } of deployments) {
            const { serviceAccountName: _, serviceAccount: __, ...template } = alone.template.spec;
            expect(await tried(OUTSIDE, { ...pod, spec: template })).toBe("pod/a created (server dry run)\n");
        }
        expect(await tried(OUTSIDE, pod)).toMatch(/violates PodSecurity "restricted:latest"/);
    });
});

describe("what the installed programs may do", () => {
    const may = async (account: string, verb: string, resource: string) => {
        const user = `--as=system:serviceaccount:${account}`;
        const { stdout } = await lab.run(["kubectl", "auth", "can-i", verb, resource, "--all-namespaces", user]);
        return stdout.trim();
    };

    // As docs/access.md has it.
    test.each([
        ["istio-system:istiod", "list", "secrets", "yes"],
        ["istio-system:istio-reader-service-account", "list", "secrets", "yes"],
        ["istio-system:loki", "list", "secrets", "yes"],
        ["istio-system:kiali", "patch", "deployments.apps", "yes"],
        ["istio-system:kiali", "list", "secrets", "no"],
        ["istio-system:prometheus", "get", "nodes/proxy", "yes"],
        ["istio-system:prometheus", "list", "secrets", "no"],
        ["istio-system:grafana", "list", "pods", "no"],
        ["istio-system:default", "list", "pods", "no"],
        ["istio-sample:bookinfo-productpage", "list", "pods", "no"],
    ])("%s: %s %s, %s", async (account, verb, resource, answer) => {
        expect(await may(account, verb, resource)).toBe(answer);
    });
});
