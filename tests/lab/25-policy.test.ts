import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const out = mkdtempSync(join(tmpdir(), "istio-on-pulumi-policy-"));
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
let own: string;

interface Violation {
    readonly level: string;
    readonly rule: string;
    readonly message: string;
}

/** A preview with the pack: its exit code, what it prints, and what the engine was told of violations. */
async function preview(options: readonly string[], config: object = {}) {
    const [log, file] = [join(out, "events.jsonl"), join(out, "config.json")];
    rmSync(log, { force: true });
    writeFileSync(file, JSON.stringify(config));
    const { code, stdout, stderr } = await lab.run(
        [
            ...["pulumi", "preview", "--non-interactive", "--color", "never", "--suppress-outputs", ...options],
            ...["--policy-pack", join(lab.place.repository, "policy"), "--policy-pack-config", file],
            ...["--event-log", log],
        ],
        { env: { PULUMI_DEBUG_COMMANDS: "true" } },
    );
    const events = readFileSync(log, "utf8").trim().split("\n");
    const found = events
        .map((line) => (JSON.parse(line) as { policyEvent?: Record<string, string> }).policyEvent)
        .filter((event) => event !== undefined)
        .map((event): Violation => {
            const message = event.message!.replace(/<\{%.*?%\}>/g, "").trim();
            return { level: event.enforcementLevel!, rule: event.policyName!, message };
        })
        .sort((a, b) => `${a.rule} ${a.message}`.localeCompare(`${b.rule} ${b.message}`));
    return { code, output: `${stdout}\n${stderr}`, found };
}

beforeAll(async () => {
    own = readFileSync(lab.place.stackSettings, "utf8");
    if ((await stack.resources()).length > 0) await stack.destroy();
});
afterAll(async () => {
    writeFileSync(lab.place.stackSettings, own);
    rmSync(out, { recursive: true, force: true });
    await kubectl("delete", "namespace", "--ignore-not-found", ISTIO_NAMESPACE, BOOKINFO_NAMESPACE);
});

describe("a program that breaks each rule once", () => {
    const dir = join(lab.place.repository, "tests/support/violations");
    const inStack = async (name: string, config = {}) => {
        await lab.output(["pulumi", "-C", dir, "stack", "init", name]);
        try {
            return await preview(["-C", dir, "--stack", name], config);
        } finally {
            await lab.output(["pulumi", "-C", dir, "stack", "rm", name, "--yes"]);
        }
    };
    const RULES = [
        [
            "dashboards",
            "Service shop/grafana opens grafana to whoever reaches a node, and nothing in the stack asks for a login; allowed " +
                "outside development: ClusterIP, or a login.",
        ],
        [
            "image-registries",
            "Deployment shop/registry takes image evil.example/web:1 in container web from a registry",
        ],
        ["image-tags", "Deployment shop/tag names image nginx:latest in container web with tag latest, which moves"],
        ["injection-label", "Namespace shop has no injection label, so that its pods run without sidecars"],
        [
            "mutual-tls",
            "PeerAuthentication shop/default has mode PERMISSIVE, so that its workloads take plain text, too.",
        ],
        ["node-ports", "Service shop/second asks for node port 30990/TCP for port http, which Service shop/first has"],
        ["plaintext-listeners", "Gateway shop/entrance takes plain HTTP by listener http (port 80)"],
        ["requests", "Deployment shop/requests has container web without requests (web: memory)"],
    ] as const;

    test("is refused in production, each violation with its object and what to do", async () => {
        const { code, output, found } = await inStack("prod");
        expect(found.map(({ rule }) => rule)).toEqual(RULES.map(([rule]) => rule));
        for (const [index, [rule, start]] of RULES.entries()) {
            expect(found[index]!.message).toContain(start);
            // As a person sees it.
            expect(output).toContain(start);
            const isAdvice = rule === "requests" || rule === "plaintext-listeners";
            expect([rule, found[index]!.level]).toEqual([rule, isAdvice ? "advisory" : "mandatory"]);
        }
        expect(code).not.toBe(0);
    });

    test("is advised elsewhere", async () => {
        const { code, found } = await inStack("staging");
        expect(found.map(({ rule }) => rule)).toEqual(
            RULES.map(([rule]) => rule).filter((rule) => rule !== "mutual-tls"),
        );
        expect([code, ...new Set(found.map(({ level }) => level))]).toEqual([0, "advisory"]);
    });

    test("is refused with a configuration that no rule knows, in one sentence", async () => {
        const { code, output } = await inStack("dev", { "node-ports": { form: 1 } });
        expect(code).not.toBe(0);
        expect(output).toContain(
            'The policy pack\'s configuration of node-ports has "form", which the rule does not know; allowed: enforcementLevel, ' +
                "from, to, production.",
        );
    });
});

describe("this program", () => {
    type Settings = Record<string, unknown>;
    /** An environment's settings with the lab's cluster and class, under the name that the lab's stack has. */
    function take(environment: string): void {
        const file = join(lab.place.repository, `Pulumi.${environment}.yaml`);
        const { config } = parse(
            readFileSync(file, "utf8").replaceAll("storageClass: fast", "storageClass: standard"),
        ) as {
            config: Settings;
        };
        const { config: labs, ...rest } = parse(own) as { config: Settings };
        writeFileSync(lab.place.stackSettings, stringify({ config: { ...config, ...labs }, ...rest }));
    }

    /** What the pack would say where the stack had the environment's name. */
    async function judged(environment: string, other: object = {}) {
        take(environment);
        const text = readFileSync(join(lab.place.repository, "policy/stacks.json"), "utf8");
        const config = JSON.parse(text.replaceAll(`"${environment}"`, JSON.stringify(stack.name))) as object;
        const production = { production: environment === "prod" ? [stack.name] : [] };
        return preview(["--stack", stack.name], {
            ...config,
            "image-tags": production,
            "node-ports": production,
            "injection-label": production,
            "mutual-tls": production,
            dashboards: { ...production, development: environment === "dev" ? [stack.name] : [] },
            ...other,
        });
    }

    /** Without what is said at length: rule and object. */
    const short = (found: readonly Violation[]) =>
        found.map(({ level, rule, message }) => `${level} ${rule}: ${message.split(" ").slice(0, 2).join(" ")}`);

    const ADDONS = ["grafana", "jaeger", "prometheus"].map(
        (name) => `advisory requests: Deployment istio-system/${name}`,
    );
    const LOKI = "advisory requests: StatefulSet istio-system/loki";
    const BOOKINFO = ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"].map(
        (name) => `advisory requests: Deployment istio-sample/${name}`,
    );
    const DEV = ["advisory plaintext-listeners: Gateway istio-sample/bookinfo-gateway", ...BOOKINFO, ...ADDONS, LOKI];

    test.each([
        ["dev", DEV],
        ["staging", ["advisory plaintext-listeners: Gateway istio-ingress/ingress", ...BOOKINFO, ...ADDONS, LOKI]],
        ["prod", ["advisory plaintext-listeners: Gateway istio-ingress/ingress", ...ADDONS, LOKI]],
    ])("as %s is stopped by nothing, and advised of what is true", async (environment, expected) => {
        const { code, found, output } = await judged(environment);
        expect(short(found)).toEqual(expected);
        expect([code, output.includes("can't run policy")]).toEqual([0, false]);
    });

    test("is judged the same once it is up, here by the identity of examples/operator", async () => {
        take("dev");
        await kubectl("apply", "-f", "examples/operator/identity.yaml");
        await stack.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], {
            env: { KUBECONFIG: await operatorsKubeconfig() },
        });
        // As it would be in production: nothing says that the mesh takes mutual TLS alone.
        const { code, found } = await judged("dev", { "mutual-tls": { production: [stack.name] } });
        expect(short(found)).toEqual(["mandatory mutual-tls: Deployment istio-system/istiod", ...DEV]);
        expect(code).not.toBe(0);
        await stack.destroy();
        await kubectl("delete", "-f", "examples/operator/identity.yaml");
    });

    /** The example's kubeconfig, with the files that a pod would have at places of this machine. */
    async function operatorsKubeconfig(): Promise<string> {
        const of = ["--namespace", "istio-on-pulumi"];
        const [token, certificate, file] = ["token", "ca.crt", "kubeconfig"].map((name) => join(out, name)) as [
            string,
            string,
            string,
        ];
        writeFileSync(token, await kubectl("create", "token", "istio-on-pulumi", ...of));
        const ca = "{.data['ca\\.crt']}";
        writeFileSync(
            certificate,
            await kubectl("get", "configmap", "kube-root-ca.crt", ...of, "-o", `jsonpath=${ca}`),
        );
        const text = await kubectl("get", "configmap", "kubeconfig", ...of, "-o", "jsonpath={.data.config}");
        const server = await kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}");
        const mounted = "/var/run/secrets/kubernetes.io/serviceaccount";
        writeFileSync(
            file,
            text
                .replace("https://kubernetes.default.svc", server)
                .replace(`${mounted}/token`, token)
                .replace(`${mounted}/ca.crt`, certificate)
                .replace("name: prod", "name: lab")
                .replace("current-context: prod", "current-context: lab"),
        );
        return file;
    }

    test("as airgap takes all images from its registry", async () => {
        for (const name of [ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) {
            await kubectl("create", "namespace", name);
            await kubectl("create", "secret", "generic", "registry-login", "--namespace", name);
        }
        const { code, found } = await judged("airgap");
        expect([code, short(found)]).toEqual([0, DEV]);
    });
});
