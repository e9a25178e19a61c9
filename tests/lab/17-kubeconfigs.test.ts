import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Outcome, TEST_LAB } from "../support/lab";
import { eventually } from "../support/lab-objects";

/** Entries of a kubeconfig that hold their certificates, as the lab writes it. */
interface Kubeconfig {
    clusters: { name: string; cluster: Record<string, unknown> }[];
    users: { name: string; user: Record<string, unknown> }[];
}

const lab = Lab.named(TEST_LAB);
const own = () => JSON.parse(readFileSync(lab.place.kubeconfig, "utf8")) as Kubeconfig;
const PROXY_PORT = 18_001;
let dir: string;
let certificates: Record<"ca" | "cert" | "key", string>;

beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    const { clusters, users } = own();
    const text = (base64: unknown) => Buffer.from(String(base64), "base64").toString();
    certificates = {
        ca: text(clusters[0]!.cluster["certificate-authority-data"]),
        cert: text(users[0]!.user["client-certificate-data"]),
        key: text(users[0]!.user["client-key-data"]),
    };
    mkdirSync(join(dir, "pki"));
    for (const [name, pem] of Object.entries(certificates)) writeFileSync(join(dir, "pki", name), pem);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Writes the lab's kubeconfig with other fields of its cluster and user; `undefined` leaves one out. */
function write(cluster: object, user?: object): string {
    const config = own();
    Object.assign(config.clusters[0]!.cluster, cluster);
    if (user) config.users[0]!.user = { ...user };
    const path = join(dir, "kubeconfig");
    writeFileSync(path, JSON.stringify(config));
    return path;
}

/** A login command that hands out this, in a version of the interface. */
function plugin(status: object, version = "v1"): object {
    const apiVersion = `client.authentication.k8s.io/${version}`;
    writeFileSync(join(dir, "credential"), JSON.stringify({ apiVersion, kind: "ExecCredential", status }));
    writeFileSync(join(dir, "login"), '#!/bin/sh\ncat "$(dirname "$0")/credential"\n', { mode: 0o755 });
    return { exec: { apiVersion, command: "./login", interactiveMode: "Never" } };
}

const token = async () => (await lab.output(["kubectl", "create", "token", "default"])).trim();

const CODE = `
    const { openCluster } = require("@istio-on-pulumi/kube");
    const asking = { ways: { kubeconfig: "k", context: "c" }, rights: "read", timeLimit: 15_000 };
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    openCluster({ kubeconfig: process.env.ASKED }, asking)
        .then((cluster) => cluster.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", review))
        .then(({ status }) => console.log(JSON.stringify(status.userInfo)))
        .catch(({ name, message }) => { console.error(name + ": " + message); process.exitCode = 1; });`;

/** Who the API server says is asking, by kubectl and by the program's client. */
async function asked(
    kubeconfig: string,
    env: Record<string, string> = {},
): Promise<{ kubectl: Outcome; ours: Outcome }> {
    const whoami = ["kubectl", "--kubeconfig", kubeconfig, "auth", "whoami", "-o", "jsonpath={.status.userInfo}"];
    return {
        kubectl: await lab.run(whoami, { env }),
        ours: await lab.run(["node", "--require", "tsx/cjs", "-e", CODE], { env: { ...env, ASKED: kubeconfig } }),
    };
}

/** Runs a command of the lab while something is done. */
async function beside(command: readonly string[], port: number, action: () => Promise<void>): Promise<void> {
    const child = await lab.spawn(command);
    try {
        const probe = `require("net").connect(${port},"127.0.0.1").on("connect",()=>process.exit(0)).on("error",()=>process.exit(1))`;
        await eventually(
            () => lab.run(["node", "-e", probe]),
            ({ code }) => code === 0,
            `port ${port} opens`,
        );
        await action();
    } finally {
        child.kill("SIGKILL");
    }
}

/** Both are told the same user. */
async function expectSame(kubeconfig: string, user: RegExp, env?: Record<string, string>): Promise<void> {
    const { kubectl, ours } = await asked(kubeconfig, env);
    expect([kubectl.stderr, kubectl.code, ours.stderr, ours.code]).toEqual(["", 0, "", 0]);
    const told = JSON.parse(ours.stdout) as { username: string; extra?: object };
    expect(told.username).toMatch(user);
    // A token made for each request has an id of its own.
    expect(told).toEqual(JSON.parse(kubectl.stdout));
}

const ADMIN = /admin/;
const DEFAULT = /^system:serviceaccount:default:default$/;
const NO_DATA = { "certificate-authority-data": undefined };

describe("whoever kubectl serves is served", () => {
    test("by certificates in the kubeconfig, and by files beside it", async () => {
        await expectSame(lab.place.kubeconfig, ADMIN);
        const user = { "client-certificate": "pki/cert", "client-key": "pki/key" };
        await expectSame(write({ ...NO_DATA, "certificate-authority": "./pki/ca" }, user), ADMIN);
    });

    test.each(["v1", "v1beta1"])("by a login command that hands out a certificate or a token: %s", async (version) => {
        const { cert, key } = certificates;
        await expectSame(write({}, plugin({ clientCertificateData: cert, clientKeyData: key }, version)), ADMIN);
        await expectSame(write({}, plugin({ token: await token() }, version)), DEFAULT);
    });

    test("by a token, in the kubeconfig or in a file", async () => {
        await expectSame(write({}, { token: await token() }), DEFAULT);
        writeFileSync(join(dir, "token"), `${await token()}\n`);
        await expectSame(write({}, { tokenFile: "token" }), DEFAULT);
    });

    test("as another", async () => {
        const user = { ...own().users[0]!.user, as: "jane", "as-groups": ["dev"], "as-user-extra": { "a/b": ["c"] } };
        await expectSame(write({}, user), /^jane$/);
    });

    test("by a server's other name, and without looking at its certificate", async () => {
        await expectSame(write({ "tls-server-name": "kubernetes.default.svc" }), ADMIN);
        await expectSame(write({ ...NO_DATA, "insecure-skip-tls-verify": true }), ADMIN);
    });

    test("by kubectl proxy", async () => {
        await beside(["kubectl", "proxy", `--port=${PROXY_PORT}`], PROXY_PORT, async () => {
            await expectSame(write({ ...NO_DATA, server: `http://127.0.0.1:${PROXY_PORT}` }, {}), ADMIN);
        });
    });

    test("by an HTTP proxy, of the kubeconfig or of the environment", async () => {
        const proxy = `
            require("http").createServer().on("connect", (request, socket) => {
                const [host, port] = request.url.split(":");
                const to = require("net").connect(port, host, () => socket.write("HTTP/1.1 200 OK\\r\\n\\r\\n"));
                to.pipe(socket).pipe(to);
                for (const each of [to, socket]) each.on("error", () => each.destroy());
            }).listen(${PROXY_PORT}, "127.0.0.1");`;
        await beside(["node", "-e", proxy], PROXY_PORT, async () => {
            const url = `http://127.0.0.1:${PROXY_PORT}`;
            await expectSame(write({ "proxy-url": url }), ADMIN);
            await expectSame(write({}), ADMIN, { HTTPS_PROXY: url });
        });
        // Nobody listens any more: both went by it.
        const { kubectl, ours } = await asked(write({}), { HTTPS_PROXY: `http://127.0.0.1:${PROXY_PORT}` });
        expect([kubectl.code, ours.code]).toEqual([1, 1]);
    });
});

describe("whom kubectl refuses, a sentence refuses", () => {
    const BROKEN: [string, object, object | undefined, RegExp][] = [
        [
            "an authority that is passed by",
            { "insecure-skip-tls-verify": true },
            undefined,
            /^UserError: .* skips the verification by it \(insecure-skip-tls-verify\), which kubectl refuses too/,
        ],
        [
            "a login command that is not installed",
            {},
            {
                exec: {
                    apiVersion: "client.authentication.k8s.io/v1",
                    command: "kube-login-of-no-one",
                    interactiveMode: "Never",
                    installHint: "Ask your colleagues.",
                },
            },
            /^UserError: The login command kube-login-of-no-one is not installed; .* says: Ask your colleagues\./,
        ],
        [
            "a login command of a version that is gone",
            {},
            {
                exec: {
                    apiVersion: "client.authentication.k8s.io/v1alpha1",
                    command: "true",
                    interactiveMode: "Never",
                },
            },
            /^UserError: .* in version "client\.authentication\.k8s\.io\/v1alpha1" of the plugins' interface/,
        ],
        [
            "groups of nobody",
            {},
            { token: "t", "as-groups": ["dev"] },
            /^UserError: .* names groups or more for user "lab" to act as, but not whom/,
        ],
        ["another authority's server", { ...NO_DATA }, undefined, /^UserError: .* cannot be reached: .*certificate/],
    ];
    test.each(BROKEN)("%s", async (_, cluster, user, sentence) => {
        const { kubectl, ours } = await asked(write(cluster, user));
        expect(kubectl.code).not.toBe(0);
        expect([ours.code, ours.stdout]).toEqual([1, ""]);
        expect(ours.stderr).toMatch(sentence);
    });
});
