import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../src";
import { temporaryDirectory, writeKubeconfig } from "../testing";
import { ask, kubeconfigOf, open, serve } from "./support/https";
import { data, makePki, writeScript } from "./support/pki";

const V1 = "client.authentication.k8s.io/v1";
const credential = (status: object, apiVersion = V1) => JSON.stringify({ apiVersion, kind: "ExecCredential", status });
const EXEC = { apiVersion: V1, interactiveMode: "IfAvailable" };

let dir: string;
/** Prints a credential, after what `before` does. */
const plugin = (status: object, before = ":") =>
    writeScript(dir, "login", `${before}\necho run >> ${dir}/runs\ncat <<'END'\n${credential(status)}\nEND`);
const runs = () => (existsSync(join(dir, "runs")) ? readFileSync(join(dir, "runs"), "utf8").split("\n").length - 1 : 0);
beforeEach(() => (dir = temporaryDirectory()));

describe("a command that logs in", () => {
    it("runs once for all that is asked, also at the same time", async () => {
        const { url, asked } = await serve();
        const user = { exec: { ...EXEC, command: plugin({ token: "by-plugin" }, "sleep 0.2") } };
        const cluster = await open(kubeconfigOf({ server: url }, user));
        await Promise.all(Array.from({ length: 10 }, () => cluster.get("/version")));
        await cluster.get("/version");
        expect(runs()).toBe(1);
        expect(new Set(asked.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer by-plugin"]));
    });

    it("fails once for all", async () => {
        const { url } = await serve();
        const command = writeScript(dir, "login", `echo run >> ${dir}/runs; exit 3`);
        const cluster = await open(kubeconfigOf({ server: url }, { exec: { ...EXEC, command } }));
        const answers = await Promise.allSettled(Array.from({ length: 10 }, () => cluster.get("/version")));
        expect(new Set(answers.map((answer) => String((answer as PromiseRejectedResult).reason)))).toEqual(
            new Set([
                `UserError: The login command ${command} of user "me" failed (exit code 3); see what it says above, or ` +
                    "run it by itself",
            ]),
        );
        expect(runs()).toBe(1);
    });

    it("runs again when what it handed out expires, and not before", async () => {
        const { url } = await serve();
        const expiring = async (seconds: number) => {
            const expirationTimestamp = new Date(Date.now() + seconds * 1000).toISOString();
            const command = plugin({ token: "short", expirationTimestamp });
            const cluster = await open(kubeconfigOf({ server: url }, { exec: { ...EXEC, command } }));
            await cluster.get("/version");
            await Promise.all([cluster.get("/version"), cluster.get("/version")]);
            return runs();
        };
        expect(await expiring(3600)).toBe(1);
        // One that has expired when it comes: each time anew, but once at a time.
        expect(await expiring(-1)).toBeGreaterThanOrEqual(1 + 2);
        expect(runs()).toBeLessThanOrEqual(1 + 3);
    });

    it("takes its own time, which no request's time limit ends", async () => {
        const { url } = await serve();
        const command = plugin({ token: "late" }, "sleep 1");
        const cluster = await open(kubeconfigOf({ server: url }, { exec: { ...EXEC, command } }), 500);
        expect(await cluster.get("/version")).toMatchObject({ authorization: "Bearer late" });
    });

    it("may hand out a client certificate", async () => {
        const pki = makePki();
        const { url } = await serve(pki);
        const status = { clientCertificateData: pki.client.cert, clientKeyData: pki.client.key };
        const cluster = { server: url, "certificate-authority-data": data(pki.intermediate.cert) };
        expect(await ask(cluster, { exec: { ...EXEC, command: plugin(status) } })).toMatchObject({ client: "client" });
    });

    it("gets its arguments and environment, and what it may know of the cluster", async () => {
        const { url } = await serve();
        const command = writeScript(
            dir,
            "login",
            `echo "$1 $PROFILE $KUBERNETES_EXEC_INFO" > ${dir}/got; echo '${credential({ token: "t" })}'`,
        );
        const exec = { ...EXEC, command, args: ["get-token"], env: [{ name: "PROFILE", value: "work" }] };
        const extensions = [{ name: "client.authentication.k8s.io/exec", extension: { audience: "a", retries: 3 } }];
        const cluster = { server: url, "tls-server-name": "api.test", extensions };
        const got = () => readFileSync(join(dir, "got"), "utf8").trim();
        const spec = { interactive: false };
        await ask(cluster, { exec });
        expect(got()).toBe(`get-token work ${JSON.stringify({ kind: "ExecCredential", apiVersion: V1, spec })}`);
        await ask(cluster, { exec: { ...exec, provideClusterInfo: true } });
        expect(JSON.parse(got().replace("get-token work ", ""))).toEqual({
            kind: "ExecCredential",
            apiVersion: V1,
            spec: {
                interactive: false,
                cluster: { server: url, "tls-server-name": "api.test", config: { audience: "a", retries: 3 } },
            },
        });
    });

    it("is found beside the kubeconfig, or in the PATH", async () => {
        const { url } = await serve();
        plugin({ token: "beside" });
        const path = writeKubeconfig(kubeconfigOf({ server: url }, { exec: { ...EXEC, command: "./login" } }), dir);
        expect(await (await open(path)).get("/version")).toMatchObject({ authorization: "Bearer beside" });
        const env = [{ name: "TOKEN", value: credential({ token: "by-path" }) }];
        const exec = { ...EXEC, command: "sh", args: ["-c", 'echo "$TOKEN"'], env };
        expect(await ask({ server: url }, { exec })).toMatchObject({ authorization: "Bearer by-path" });
    });
});

describe("a command that does not log in", () => {
    const asks = (exec: object) => ask({ server: "http://127.0.0.1:1" }, { exec: { ...EXEC, ...exec } });
    const KUBECONFIG = "kubeconfig that is given as text";

    it("is named where it is not installed, with what installs it", async () => {
        const missing =
            'The login command kube-login-of-no-one is not installed; user "me" of context "prod" logs in with it';
        await expect(asks({ command: "kube-login-of-no-one" })).rejects.toThrow(
            new UserError(`${missing}, as the ${KUBECONFIG} says: install it`),
        );
        const installHint = "\nRun:\n  brew install kube-login\n";
        await expect(asks({ command: "kube-login-of-no-one", installHint })).rejects.toThrow(
            new UserError(`${missing}, as the ${KUBECONFIG} says: Run: brew install kube-login`),
        );
    });

    it("may ask at a terminal alone", async () => {
        await expect(asks({ command: plugin({ token: "t" }), interactiveMode: "Always" })).rejects.toThrow(
            `The ${KUBECONFIG}: the login of user "me" asks its questions at a terminal (interactiveMode: Always), and ` +
                "standard input is none; run this in a terminal",
        );
        expect(runs()).toBe(0);
    });

    it.each(["client.authentication.k8s.io/v1alpha1", ""])("speaks %j, which kubectl does not", async (apiVersion) => {
        await expect(asks({ command: "sh", apiVersion })).rejects.toThrow(
            `wants the login of user "me" in version "${apiVersion}" of the plugins' interface; allowed: ${V1}, ` +
                "client.authentication.k8s.io/v1beta1",
        );
    });

    it.each([
        ["no JSON", "hush-hush", `prints no JSON; it must print an ExecCredential of ${V1}`],
        ["nothing", "", `prints no JSON; it must print an ExecCredential of ${V1}`],
        [
            "another version",
            credential({ token: "hush-hush" }, "client.authentication.k8s.io/v1beta1"),
            `prints no ExecCredential of ${V1}`,
        ],
        ["no token", credential({ clientKeyData: "hush-hush" }), "hands out neither a token nor a client certificate"],
    ])("prints %s, which no error repeats", async (_, output, why) => {
        const failure = asks({ command: writeScript(dir, "login", `cat <<'END'\n${output}\nEND`) });
        await expect(failure).rejects.toThrow(`The login command ${dir}/login of user "me" ${why}`);
        await expect(failure).rejects.not.toThrow("hush");
    });
});

describe("a user at a terminal", () => {
    const code = `
        const { openCluster } = require(${JSON.stringify(join(__dirname, "../src/index.ts"))});
        const ways = { kubeconfig: "k", context: "c" };
        const asking = { ways, rights: "read", timeLimit: 5000 };
        openCluster({ kubeconfig: process.env.CONFIG }, asking)
            .then((cluster) => cluster.get("/version"))
            .then((answer) => console.log(JSON.stringify(answer)));`;
    const program = [process.execPath, "--require", "tsx/cjs", "-e", code];
    /** Runs a program that asks the cluster of a kubeconfig; with a terminal by `script`. */
    const run = (config: string, terminal: boolean, typed = "") =>
        new Promise<string>((resolve) => {
            writeFileSync(
                join(dir, "run.sh"),
                `exec ${program.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}`,
            );
            const [command = "", ...args] = terminal ? ["script", "-qec", `sh ${dir}/run.sh`, "/dev/null"] : program;
            const child = spawn(command, args, {
                cwd: join(__dirname, "../../.."),
                env: { ...process.env, CONFIG: config },
            });
            let output = "";
            child.stdout.on("data", (chunk) => (output += String(chunk)));
            child.stderr.on("data", (chunk) => (output += String(chunk)));
            child.stdin.end(typed);
            child.once("close", () => resolve(output));
        });
    const asking =
        'echo "Open https://login.test and type the code" >&2; read -r code; [ -t 0 ] && echo "at a terminal" >&2';
    const command = () =>
        writeScript(dir, "login", `${asking}\necho '${credential({ token: "T" })}' | sed "s/T/t-$code/"`);

    it("reads what the command says, and answers it", async () => {
        const { url, asked } = await serve();
        const output = await run(
            kubeconfigOf({ server: url }, { exec: { ...EXEC, command: command() } }),
            true,
            "1234\n",
        );
        expect(output).toContain("Open https://login.test and type the code");
        expect(output).toContain("at a terminal");
        expect(asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer t-1234"]);
    });

    it.each([
        ["there is none", "IfAvailable", false],
        ["the command wants none", "Never", true],
    ])("is not asked where %s, but reads what is said", async (_, interactiveMode, terminal) => {
        const { url, asked } = await serve();
        const config = kubeconfigOf({ server: url }, { exec: { ...EXEC, interactiveMode, command: command() } });
        const output = await run(config, terminal, "1234\n");
        expect(output).toContain("Open https://login.test and type the code");
        expect(output).not.toContain("at a terminal");
        expect(asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer t-"]);
    });
});
