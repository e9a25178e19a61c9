import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { createServer as createTcp } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../src";
import { serveApi, temporaryDirectory } from "../testing";
import { kubeconfigOf, listen, open, serve } from "./support/https";
import { data, makePki, type Pair, type Pki } from "./support/pki";

/** What asking this cluster as this user fails with, and how long that takes, in milliseconds. */
async function failureOf(cluster: object, user: object = {}): Promise<{ message: string; took: number }> {
    const begun = Date.now();
    const error: unknown = await open(kubeconfigOf(cluster, user))
        .then((client) => client.get("/version"))
        .then(
            () => undefined,
            (thrown: unknown) => thrown,
        );
    expect(error).toBeInstanceOf(UserError);
    return { message: (error as Error).message, took: Date.now() - begun };
}

/** A certificate for 127.0.0.1 that is valid from so many days from now to so many days from now. */
function certificate({ dir, root }: Pki, from: number, to: number): Omit<Pair, "certFile" | "keyFile"> {
    const [config, key, request, cert, index] = ["ca.cnf", "key", "csr", "crt", "index"].map((end) =>
        join(dir, `timed.${end}`),
    ) as [string, string, string, string, string];
    const day = (days: number) =>
        `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, "")}`;
    const openssl = (words: string, ...files: string[]) =>
        execFileSync("openssl", [...words.split(" "), ...files], { stdio: "ignore" });
    // Only `openssl ca` dates a certificate in every version of today.
    const lines = ["[ca]", "default_ca=a", "[a]", `database=${index}`, `new_certs_dir=${dir}`, "rand_serial=yes"];
    const more = ["default_md=sha256", "policy=p", "x509_extensions=e", "[p]", "commonName=supplied", "[e]"];
    writeFileSync(config, [...lines, ...more, "subjectAltName=IP:127.0.0.1", ""].join("\n"));
    writeFileSync(index, "");
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj /CN=timed",
        "-keyout",
        key,
        "-out",
        request,
    );
    openssl(
        `ca -batch -notext -startdate ${day(from)} -enddate ${day(to)}`,
        ...["-config", config, "-in", request, "-out", cert, "-cert", root.certFile, "-keyfile", root.keyFile],
    );
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const YEAR = "\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z";

describe("a server whose certificate's time", () => {
    const ask = async (from: number, to: number) => {
        const pki = makePki();
        const { cert, key } = certificate(pki, from, to);
        const port = await listen(createServer({ cert, key }, (_, response) => response.end("{}")));
        const ca = { "certificate-authority-data": data(pki.root.cert) };
        return (await failureOf({ server: `https://127.0.0.1:${port}`, ...ca })).message;
    };
    const remedy = "set this machine's clock right, or have the server's certificate renewed, or name another with: ";

    it("has not come is told with this machine's clock, which may be wrong", async () => {
        const says = `cannot be reached: certificate is not yet valid, by this machine's clock \\(${YEAR}\\); ${remedy}`;
        expect(await ask(1, 2)).toMatch(new RegExp(says));
    });
    it("is over is told with this machine's clock, which may be wrong", async () => {
        const says = `cannot be reached: certificate has expired, by this machine's clock \\(${YEAR}\\); ${remedy}`;
        expect(await ask(-2, -1)).toMatch(new RegExp(says));
    });
});

describe("a user whom the server does not know any more", () => {
    const refused = { "/version": { status: 401, message: "Unauthorized" } };
    const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
    const seconds = Math.floor(Date.now() / 1000);
    const ask = async (user: object) => (await failureOf({ server: (await serveApi(refused)).url }, user)).message;
    const say = (why: string) =>
        new RegExp(
            `refuses this user \\(HTTP 401 to GET /version: Unauthorized${why}\\); use a kubeconfig whose user may ` +
                "read nodes, with: use-kubeconfig <path>$",
        );

    it.each<[string, object, string]>([
        [
            "a token that is over",
            { exp: seconds - 60 },
            `; the token of user "me" is over since ${YEAR}: log in again, or have it renewed`,
        ],
        [
            "a token for later",
            { nbf: seconds + 3600 },
            `; the token of user "me" is not valid before ${YEAR}: set this machine's clock right`,
        ],
        ["a token that is valid", { exp: seconds + 3600 }, ""],
        ["a token with nonsense for a time", { exp: 1e300 }, ""],
    ])("is told of %s", async (_, claims, why) => {
        expect(await ask({ token: token(claims) })).toMatch(say(why));
    });
    it.each(["opaque", "a.b.c", "..", `e30.${Buffer.from("null").toString("base64url")}.x`])(
        "is told nothing more of a token that says nothing: %s",
        async (text) => expect(await ask({ token: text })).toMatch(say("")),
    );

    it.each<[string, number, number, string]>([
        [
            "is over",
            -2,
            -1,
            `; the client certificate of user "me" is over since ${YEAR}: log in again, or have it renewed`,
        ],
        [
            "has not come",
            1,
            2,
            `; the client certificate of user "me" is not valid before ${YEAR}: set this machine's clock right`,
        ],
        ["is now", -1, 1, ""],
    ])("is told of a client certificate whose time %s", async (_, from, to, why) => {
        const { cert, key } = certificate(makePki(), from, to);
        const user = { "client-certificate-data": data(cert), "client-key-data": data(key) };
        const api = await serveApi(refused);
        // By HTTP no certificate is asked for; what the kubeconfig holds is known all the same.
        const cluster = { server: api.url, "insecure-skip-tls-verify": true };
        expect((await failureOf(cluster, user)).message).toMatch(say(why));
    });

    it("is told of what a login command handed out", async () => {
        const dir = temporaryDirectory();
        const apiVersion = "client.authentication.k8s.io/v1";
        const status = { token: token({ exp: seconds - 60 }) };
        writeFileSync(join(dir, "said"), JSON.stringify({ apiVersion, kind: "ExecCredential", status }));
        const exec = { apiVersion, command: "cat", args: [join(dir, "said")], interactiveMode: "Never" };
        expect(await ask({ exec })).toMatch(say(`; the token of user "me" is over since ${YEAR}: log in again, .*`));
    });
});

describe("a way that leads nowhere is told at once", () => {
    const nobody = "http://127.0.0.1:1";
    const CASES: [string, () => Promise<object> | object, RegExp][] = [
        [
            "nobody listens",
            () => ({ server: nobody }),
            /cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1; check that it runs/,
        ],
        [
            "a name that is none",
            () => ({ server: "https://no-such-host.invalid:6443" }),
            /cannot be reached: getaddrinfo E\w+ no-such-host\.invalid; check that it runs/,
        ],
        [
            "a proxy that is not there",
            () => ({ server: "https://192.0.2.1", "proxy-url": nobody }),
            /ECONNREFUSED .*\(by the proxy http:\/\/127\.0\.0\.1:1\); check/,
        ],
        [
            "a proxy that is no URL",
            () => ({ server: nobody, "proxy-url": "ftp://proxy" }),
            /names a proxy for cluster "their" that is no proxy's URL; allowed: http:/,
        ],
        [
            "HTTPS where HTTP is spoken",
            async () => ({ server: (await serveApi()).url.replace("http:", "https:") }),
            /cannot be reached: .*; check whether its server speaks http:\/\/ only/,
        ],
        [
            "HTTP where HTTPS is spoken",
            async () => ({ server: (await serve(makePki())).url.replace("https:", "http:") }),
            /cannot be reached: .*; check that it runs/,
        ],
        [
            "an authority that it is not of",
            async () => ({
                server: (await serve(makePki())).url,
                "certificate-authority-data": data(makePki().root.cert),
            }),
            /cannot be reached: .*; check certificate-authority in the kubeconfig/,
        ],
        [
            "a server of another name",
            async () => {
                const pki = makePki();
                const { port } = await serve(pki);
                return {
                    server: `https://localhost:${port}`,
                    "certificate-authority-data": data(pki.intermediate.cert),
                };
            },
            /does not match certificate's altnames.*; check server and tls-server-name in the kubeconfig/,
        ],
        [
            "a server that hangs up",
            async () => ({ server: `http://127.0.0.1:${await listen(createTcp((socket) => socket.destroy()))}` }),
            /cannot be reached: other side closed; check/,
        ],
        [
            "a server that speaks something else",
            async () => ({
                server: `http://127.0.0.1:${await listen(createTcp((socket) => socket.end("SSH-2.0-x\r\n").destroySoon()))}`,
            }),
            /cannot be reached: .*; check/,
        ],
    ];
    it.each(CASES)("%s", async (_, cluster, says) => {
        const { message, took } = await failureOf(await cluster());
        expect(message).toMatch(says);
        expect(message).not.toContain("\n");
        expect(took).toBeLessThan(3_000);
    });
});

describe("a kubeconfig that cannot be used is told at once", () => {
    const CASES: [string, (path: string) => void, RegExp][] = [
        [
            "not there",
            () => {},
            /^There is no kubeconfig at|cannot be read \(ENOENT.*\); name another with: use-kubeconfig/,
        ],
        ["a directory", (path) => execFileSync("mkdir", [path]), /cannot be read \(EISDIR.*\); name another with/],
        ["empty", (path) => writeFileSync(path, ""), /or it holds no context; name one with: use-kubeconfig/],
        [
            "no YAML",
            (path) => writeFileSync(path, "a: [\n"),
            /cannot be read \(no YAML at line \d+, column \d+\); name another/,
        ],
        [
            "a picture",
            (path) => writeFileSync(path, Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255])),
            /cannot be read \(.*\); name another with/,
        ],
        ["a list", (path) => writeFileSync(path, "- a\n"), /cannot be read \(all of it is no object\); name another/],
        [
            "cut off",
            (path) => writeFileSync(path, kubeconfigOf({ server: "https://x" }).slice(0, 60)),
            /or it holds no context; name one|cannot be read/,
        ],
    ];
    it.each(CASES)("%s", async (_, make, says) => {
        const path = join(temporaryDirectory(), "kubeconfig");
        make(path);
        await expect(open(path)).rejects.toThrow(says);
    });

    it.skipIf(process.getuid?.() === 0)("not readable", async () => {
        const path = join(temporaryDirectory(), "kubeconfig");
        writeFileSync(path, "");
        chmodSync(path, 0);
        await expect(open(path)).rejects.toThrow(/cannot be read \(EACCES/);
    });
});
