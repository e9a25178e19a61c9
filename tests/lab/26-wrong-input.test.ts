import { execFileSync } from "node:child_process";
import {
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    truncateSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { choosePlugins, pluginDir } from "@istio-on-pulumi/lab";
import { Lab, TEST_LAB } from "../support/lab";
import { eventually, getAll } from "../support/lab-objects";
import { applyObject, printed } from "../support/lab-refused";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-wrong-"));
const stateFile = join(lab.place.backend, ".pulumi/stacks/istio-on-pulumi", `${stack.name}.json`);
/** In milliseconds: what cannot be done is said before anybody looks at the clock, on a busy machine too. */
const QUICKLY = 60_000;

beforeAll(() => stack.ensureUp());
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a command that must fail prints, without a stack trace and soon; the state is as it was. */
async function refused(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const before = readFileSync(stateFile);
    const begun = Date.now();
    const outcome = await stack.attempt(args, { env });
    expect(outcome.code, printed(outcome)).not.toBe(0);
    expect(Date.now() - begun).toBeLessThan(QUICKLY);
    expect(printed(outcome)).not.toMatch(/^\s+at .*:\d+:\d+|^goroutine \d+/m);
    expect(readFileSync(stateFile).equals(before)).toBe(true);
    return printed(outcome);
}

describe("what the engine refuses before the program runs", () => {
    test("a wrong passphrase", async () => {
        expect(await refused(["up", "--yes"], { PULUMI_CONFIG_PASSPHRASE: "not-the-one" })).toMatch(
            /incorrect passphrase/,
        );
    });

    test("a state that is cut off, which is left as it is, and serves again once it is whole", async () => {
        const whole = readFileSync(stateFile);
        try {
            truncateSync(stateFile, Math.floor(whole.length / 2));
            expect(await refused(["preview"])).toMatch(
                /could not (load|unmarshal)|unexpected end of JSON|unexpected EOF/,
            );
        } finally {
            writeFileSync(stateFile, whole);
        }
        await stack.preview("--expect-no-changes");
    });

    test("a state that is cut off, and no copy of it: made anew out of the cluster, whose pods all stay", async () => {
        const [whole, settings] = [readFileSync(stateFile), readFileSync(stack.file)];
        const recover = () => lab.output(["npm", "run", "--silent", "recover", "--", "--stack", stack.name]);
        const podsNow = async () => (await getAll(lab, "pods", "--all-namespaces")).map(({ metadata }) => metadata.uid);
        expect(await recover()).toContain("can be read; nothing was done");
        const [pods, resources] = [await podsNow(), await stack.resources()];
        try {
            truncateSync(stateFile, Math.floor(whole.length / 2));
            expect(await recover()).toMatch(/holds the mesh of stack[0-9a-f]{8}\b/);
            await stack.up("--skip-preview");
            await stack.preview("--expect-no-changes");
            expect(await stack.resources()).toHaveLength(resources.length);
            expect(await podsNow()).toEqual(pods);
        } finally {
            writeFileSync(stateFile, whole);
            writeFileSync(stack.file, settings);
        }
        // Kiali's signing key was drawn anew.
        await stack.up("--skip-preview", "--refresh");
    });

    test("a plugin that is missing, by its name and version; README.md has the command that brings it", async () => {
        const plugins = await pluginDir(lab.place, choosePlugins(lab.place, process.env));
        const others = join(dir, "plugins");
        mkdirSync(others);
        for (const name of readdirSync(plugins)) {
            if (name !== "pulumi-resource-kubernetes") symlinkSync(join(plugins, name), join(others, name));
        }
        const text = await refused(["preview"], {
            PATH: [lab.place.bin, others, process.env.PATH].join(delimiter),
            PULUMI_HOME: join(dir, "home"),
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        });
        expect(text).toMatch(
            /no resource plugin 'pulumi-resource-kubernetes' found in the workspace at version v[\d.]+/,
        );
    });
});

describe("what only shows in the midst of an update", () => {
    test("a policy that refuses Deployments: its sentence, at once, and the next update brings what is left", async () => {
        const rule = {
            apiGroups: ["apps"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["deployments"],
        };
        const policy = { apiVersion: "admissionregistration.k8s.io/v1", metadata: { name: "no-deployments" } };
        const validations = [
            {
                expression: `object.metadata.namespace != '${BOOKINFO_NAMESPACE}'`,
                message: "Deployments are not for you",
            },
        ];
        await applyObject(lab, {
            ...policy,
            kind: "ValidatingAdmissionPolicy",
            spec: { matchConstraints: { resourceRules: [rule] }, validations },
        });
        await applyObject(lab, {
            ...policy,
            kind: "ValidatingAdmissionPolicyBinding",
            spec: { policyName: "no-deployments", validationActions: ["Deny"] },
        });
        try {
            await eventually(
                () =>
                    lab.run([
                        "kubectl",
                        "-n",
                        BOOKINFO_NAMESPACE,
                        "annotate",
                        "deployment",
                        "details-v1",
                        "a=b",
                        "--overwrite",
                        "--dry-run=server",
                    ]),
                ({ code }) => code !== 0,
                "the policy is enforced",
            );
            const begun = Date.now();
            const outcome = await stack.with({ "bookinfo.tag": "1.20.3" }, () =>
                stack.attempt(["up", "--yes", "--skip-preview"]),
            );
            expect(outcome.code).not.toBe(0);
            expect(Date.now() - begun).toBeLessThan(2 * QUICKLY);
            expect(printed(outcome)).toMatch(/details-v1.*denied request: Deployments are not for you/);
        } finally {
            await kubectl("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "no-deployments");
        }
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
    });

    test("an image that cannot be pulled: said within a minute, while the update waits", async () => {
        const said =
            /The container discovery of Pod istio-system\/istiod-\S+ does not start with image \S+pilot:1\.25\.2 \(Err\w+: .*\); check its name and tag, .*registry\.mirrors/;
        await stack.with({ "istio.tag": "1.25.2" }, async () => {
            const begun = Date.now();
            const engine = await lab.spawn([
                "pulumi",
                "up",
                "--yes",
                "--skip-preview",
                "--non-interactive",
                "--color",
                "never",
                "--stack",
                stack.name,
            ]);
            let text = "";
            for (const stream of [engine.stdout, engine.stderr])
                stream?.setEncoding("utf8").on("data", (data: string) => (text += data));
            const ended = new Promise((resolve) => engine.once("exit", resolve));
            const isIn = () => Promise.resolve(text);
            try {
                await eventually(isIn, (now) => said.test(now), "what is blocked is said", { limitMs: 2 * QUICKLY });
            } finally {
                engine.kill("SIGINT");
                await ended;
            }
            console.log(
                `an image that cannot be pulled was told ${Math.round((Date.now() - begun) / 1000)} s after the update began`,
            );
            expect(text.match(new RegExp(said, "g"))!.length).toBeLessThanOrEqual(2);
        });
        await stack.up("--skip-preview", "--refresh");
        await stack.preview("--expect-no-changes");
    });
});

describe("secrets, planted wherever the program is given one,", () => {
    const CANARY = `canary-${"4d1f0b".repeat(4)}`;
    const written = new Map<string, string>();
    const planted = new Map<string, string>();
    /** Runs a command and keeps what it prints. */
    const keep = async (name: string, run: Promise<{ stdout: string; stderr: string; code: number }>) => {
        const outcome = await run;
        written.set(name, printed(outcome));
        return outcome;
    };
    const npm = (script: string, ...args: string[]) =>
        keep(
            `npm run ${script}`,
            lab.run(["npm", "run", "--silent", script, "--", "--stack", stack.name, "--out", dir, ...args]),
        );
    const set = (path: string, value: string) =>
        keep(`config set ${path}`, stack.attempt(["config", "set", "--secret", "--path", path], { input: value }));

    beforeAll(async () => {
        // What other tests gave in plain text stands in the history of their updates.
        const since = Date.now();
        const config = JSON.parse(readFileSync(lab.place.kubeconfig, "utf8")) as {
            users: { name: string; user: Record<string, string> }[];
        };
        planted.set("the kubeconfig's client key", config.users[0]!.user["client-key-data"]!);
        planted.set(
            "its key, decoded",
            Buffer.from(config.users[0]!.user["client-key-data"]!, "base64").toString().split("\n")[1]!,
        );
        config.users.push({ name: "other", user: { token: `${CANARY}-token`, password: `${CANARY}-password` } });
        const key = join(dir, "key");
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
        planted.set("the SSH key", readFileSync(key, "utf8").split("\n")[2]!);
        planted.set("canaries", CANARY);
        planted.set("canaries, encoded", Buffer.from(CANARY).toString("base64").slice(0, 32));
        for (const namespace of [ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) {
            const auths = { "registry.local": { username: "me", password: `${CANARY}-registry` } };
            await applyObject(lab, {
                apiVersion: "v1",
                kind: "Secret",
                type: "kubernetes.io/dockerconfigjson",
                metadata: { name: "registry-login", namespace },
                stringData: { ".dockerconfigjson": JSON.stringify({ auths }) },
            });
        }
        await stack.with({ "addons.kiali.access": "token", "inspection.mode": "local" }, async () => {
            await set("cluster.kubeconfig", JSON.stringify(config));
            await set("inspection.privateKey", readFileSync(key, "utf8"));
            await keep("preview --diff", stack.attempt(["preview", "--diff"]));
            await keep("preview --json", stack.attempt(["preview", "--json"]));
            await npm("preview:report");
            const { code } = await keep("up", stack.attempt(["up", "--yes", "--skip-preview", "--diff"]));
            expect(code, written.get("up")).toBe(0);
            await npm("drift");
            await keep("stack export", stack.attempt(["stack", "export"]));
            await keep("stack output", stack.attempt(["stack", "output", "--json"]));
            const inspect = ["node", "scripts/run.mjs", "packages/inspect/src/cli.ts"];
            await keep("inspect --html", lab.run([...inspect, "--json", "--html", join(dir, "page.html")]));
            await keep("inspect doctor", lab.run([...inspect, "doctor", "--verbose"]));
            const env = { PULUMI_CONFIG_PASSPHRASE: `${CANARY}-passphrase` };
            await keep("a wrong passphrase", stack.attempt(["preview"], { env }));
            const log = await stack.attempt(["preview", "--logtostderr", "-v=9"]);
            const found = [...planted].filter(([, secret]) => printed(log).includes(secret)).map(([name]) => name);
            console.log(`the engine's log of -v=9 holds: ${found.join(", ") || "none of them"}`);
            const kiali = await kubectl("-n", ISTIO_NAMESPACE, "get", "configmap", "kiali", "-o", "jsonpath={.data}");
            planted.set("Kiali's signing key", /signing_key: (\S+?)\\n/.exec(kiali)![1]!);
            written.set("the stack's settings", readFileSync(lab.place.stackSettings, "utf8"));
            for (const place of [lab.place.backend, dir]) {
                for (const file of readdirSync(place, { recursive: true, withFileTypes: true })) {
                    const path = join(file.parentPath, file.name);
                    if (!file.isFile() || path.startsWith(key) || statSync(path).mtimeMs < since) continue;
                    written.set(path, readFileSync(path, "utf8"));
                }
            }
        });
    });
    afterAll(async () => {
        for (const namespace of [ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) {
            await kubectl("-n", namespace, "delete", "secret", "registry-login");
        }
        await stack.up("--skip-preview");
    });

    test("stand in nothing that is written: state, history, outputs, reports, page, logs", () => {
        expect(written.size).toBeGreaterThan(15);
        expect([...planted.values()].filter((secret) => secret.length < 12)).toEqual([]);
        const found = [...written].flatMap(([place, text]) =>
            [...planted].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${place}`),
        );
        expect(found).toEqual([]);
    });

    test("and the search finds what is there: the values are in the cluster and encrypted in the settings", () => {
        expect(written.get("the stack's settings")).toMatch(/kubeconfig:\s*\n\s*secure: v1:/);
        expect(written.get("stack export")).toContain('"ciphertext"');
        expect([...planted.keys()].some((name) => name === "Kiali's signing key")).toBe(true);
    });
});
