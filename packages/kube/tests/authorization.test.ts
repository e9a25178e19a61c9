import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory, writeKubeconfig } from "../testing";
import { ask, kubeconfigOf, open, serve } from "./support/https";
import { data } from "./support/pki";

/** What a server on plain HTTP is told of a user. */
const told = async (user: object) => ask({ server: (await serve()).url }, user);

describe("a kubeconfig's user", () => {
    it.each([
        ["a token", { token: "t" }, "Bearer t"],
        ["a name and a password", { username: "me", password: "p:ss" }, `Basic ${data("me:p:ss")}`],
        ["nothing", {}, undefined],
    ])("is known by %s", async (_, user, authorization) => {
        expect((await told(user)).authorization).toBe(authorization);
    });

    it("has a token in a file beside the kubeconfig, which is read each time", async () => {
        const { url } = await serve();
        const dir = temporaryDirectory();
        const cluster = await open(writeKubeconfig(kubeconfigOf({ server: url }, { tokenFile: "token" }), dir));
        for (const token of ["first", "second"]) {
            writeFileSync(join(dir, "token"), `${token}\n`);
            expect(await cluster.get("/version")).toMatchObject({ authorization: `Bearer ${token}` });
        }
        const missing = await open(kubeconfigOf({ server: url }, { tokenFile: join(dir, "none") }));
        await expect(missing.get("/version")).rejects.toThrow(
            'names a file in tokenFile of user "me" that cannot be read (ENOENT',
        );
    });

    it("acts as another", async () => {
        const { headers } = await told({
            token: "t",
            as: "system:serviceaccount:shop:deployer",
            "as-uid": "u-1",
            "as-groups": ["dev", "ops"],
            "as-user-extra": { "Scopes/x": ["a", "b"] },
        });
        expect(headers).toMatchObject({
            "impersonate-user": "system:serviceaccount:shop:deployer",
            "impersonate-uid": "u-1",
            "impersonate-group": "dev, ops",
            "impersonate-extra-scopes%2fx": "a, b",
        });
    });

    it("cannot act as groups of nobody", async () => {
        await expect(told({ "as-groups": ["dev"] })).rejects.toThrow(
            'names groups or more for user "me" to act as, but not whom (as); repair the file',
        );
    });
});

describe("an auth-provider", () => {
    const jwt = (exp: number) => `h.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.s`;
    const now = Math.floor(Date.now() / 1000);
    const oidc = (token: string) => told({ "auth-provider": { name: "oidc", config: { "id-token": token } } });

    it("of OpenID Connect is heeded while its token is valid", async () => {
        const token = jwt(now + 3600);
        expect((await oidc(token)).authorization).toBe(`Bearer ${token}`);
    });

    it.each([jwt(now - 1), "no-jwt", ""])("tells how its token is renewed: %j", async (token) => {
        const failure = oidc(token);
        await expect(failure).rejects.toThrow(
            'logs user "me" in by the auth-provider oidc, and its id-token has expired; renew it with: kubectl ' +
                '--context "prod" version',
        );
    });

    it("that kubectl does not have any more is named", async () => {
        await expect(told({ "auth-provider": { name: "gcp" } })).rejects.toThrow(
            'by the auth-provider "gcp", which kubectl does not have any more; let the cluster\'s tool write a ' +
                "kubeconfig with exec",
        );
    });
});
