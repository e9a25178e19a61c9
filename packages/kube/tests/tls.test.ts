import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../src";
import { writeKubeconfig } from "../testing";
import { ask, kubeconfigOf, open, serve } from "./support/https";
import { data, makePki } from "./support/pki";

describe("a server over TLS", () => {
    it("is trusted by its authority, which may be an intermediate one", async () => {
        const pki = makePki();
        const { url } = await serve(pki);
        // The server sends its own certificate alone, so the root would not do, as for kubectl.
        const ca = data(pki.intermediate.cert);
        expect(await ask({ server: url, "certificate-authority-data": ca })).toMatchObject({ gitVersion: "v1.33.1" });
        const both = data(pki.root.cert + pki.intermediate.cert);
        expect(await ask({ server: url, "certificate-authority-data": both })).toMatchObject({ gitVersion: "v1.33.1" });
        const root = data(pki.root.cert);
        await expect(ask({ server: url, "certificate-authority-data": root })).rejects.toThrow(
            "unable to get local issuer certificate",
        );
    });

    it("is refused without its authority", async () => {
        const pki = makePki();
        const { url, asked } = await serve(pki);
        await expect(ask({ server: url }, { token: "secret" })).rejects.toThrow(
            `The cluster of context "prod" (${url}) cannot be reached: unable to get local issuer certificate; check`,
        );
        expect(asked).toEqual([]);
    });

    it("is trusted by an authority that the system trusts", async () => {
        const pki = makePki();
        const { url } = await serve(pki);
        const before = process.env.SSL_CERT_FILE;
        process.env.SSL_CERT_FILE = pki.intermediate.certFile;
        try {
            expect(await ask({ server: url })).toMatchObject({ gitVersion: "v1.33.1" });
        } finally {
            if (before === undefined) delete process.env.SSL_CERT_FILE;
            else process.env.SSL_CERT_FILE = before;
        }
    });

    it("is trusted by another name where the kubeconfig says so, or unseen", async () => {
        const pki = makePki();
        const { port } = await serve(pki);
        const server = `https://localhost:${port}`;
        const ca = { "certificate-authority-data": data(pki.intermediate.cert) };
        await expect(ask({ server, ...ca })).rejects.toThrow("does not match certificate's altnames");
        expect(await ask({ server, ...ca, "tls-server-name": "api.test" })).toMatchObject({ gitVersion: "v1.33.1" });
        expect(await ask({ server, "insecure-skip-tls-verify": true })).toMatchObject({ gitVersion: "v1.33.1" });
    });

    it("is not asked where the kubeconfig names an authority and passes it by, as kubectl refuses", async () => {
        const pki = makePki();
        const { url } = await serve(pki);
        const both = { "certificate-authority-data": data(pki.root.cert), "insecure-skip-tls-verify": true };
        await expect(ask({ server: url, ...both })).rejects.toThrow(
            /names an authority for cluster "their" and skips the verification by it \(insecure-skip-tls-verify\), which/,
        );
    });

    it("knows its user by a client certificate, in the kubeconfig or beside it", async () => {
        const pki = makePki();
        const { url } = await serve(pki);
        const inside = {
            "client-certificate-data": data(pki.client.cert),
            "client-key-data": data(pki.client.key),
        };
        const ca = { "certificate-authority-data": data(pki.intermediate.cert) };
        expect(await ask({ server: url, ...ca }, inside)).toMatchObject({ client: "client" });
        const beside = kubeconfigOf(
            { server: url, "certificate-authority": basename(pki.intermediate.certFile) },
            {
                "client-certificate": basename(pki.client.certFile),
                "client-key": basename(pki.client.keyFile),
            },
        );
        const path = writeKubeconfig(beside, pki.dir);
        expect(await (await open(path)).get("/version")).toMatchObject({ client: "client" });
    });
});

describe("a kubeconfig's certificates", () => {
    const KEY = { "client-key-data": data("-----BEGIN PRIVATE KEY-----\nnot one\n") };

    it("are named where a file is missing", async () => {
        const path = writeKubeconfig(kubeconfigOf({ server: "https://127.0.0.1:1", "certificate-authority": "none" }));
        await expect((await open(path)).get("/version")).rejects.toThrow(
            new UserError(
                `The kubeconfig ${path} names a file in certificate-authority of cluster "their" that cannot be read ` +
                    `(ENOENT: no such file or directory, open '${join(path, "..", "none")}'); repair the kubeconfig or ` +
                    "bring the file",
            ),
        );
    });

    it("are never shown where they are broken", async () => {
        const pki = makePki();
        const user = { "client-certificate-data": data(pki.client.cert), ...KEY };
        await expect(ask({ server: "https://127.0.0.1:1" }, user)).rejects.toThrow(
            /^The certificates of context "prod" cannot be used \(error:[^)]*\); check certificate-authority, client-/,
        );
    });
});

describe("a server over plain HTTP", () => {
    it("is asked as it is, such as kubectl proxy", async () => {
        const { url, port } = await serve();
        expect(await ask({ server: url })).toMatchObject({ path: "/version" });
        expect(await ask({ server: `127.0.0.1:${port}` })).toMatchObject({ path: "/version" });
    });

    it("may serve the cluster below a path, such as Rancher's", async () => {
        const { url } = await serve();
        expect(await ask({ server: `${url}/k8s/clusters/c-x/` })).toMatchObject({ path: "/k8s/clusters/c-x/version" });
    });

    it("may name its user in the URL, which no error shows", async () => {
        const { url } = await serve();
        const server = url.replace("http://", "http://me:hush%21@");
        expect(await ask({ server })).toMatchObject({ authorization: `Basic ${data("me:hush!")}` });
        const { where } = await open(kubeconfigOf({ server: "http://me:hush@127.0.0.1:1" }));
        expect(where).toBe('The cluster of context "prod" (http://127.0.0.1:1)');
    });

    it.each(["", "ftp://host", "http://"])("is no server: %j", async (server) => {
        await expect(ask({ server })).rejects.toThrow(
            'names no server for cluster "their" that is a URL of http:// or https://; repair the file',
        );
    });
});
