import { readFileSync } from "node:fs";
import { clientCertificateTimes } from "./certificates";
import { reasonOf, UserError } from "./errors";
import type { KubeconfigContext } from "./kubeconfig";
import { type Login, runCredentialPlugin } from "./login";

/** Headers by name; a list is a header that is sent several times. */
export type Headers = Record<string, string | string[]>;

/** Before a login ends by this, it is renewed; in milliseconds. */
const MARGIN = 10_000;

/**
 * Who logs the user of a context in: at most one login is under way, and its outcome holds until it expires.
 */
export function makeLogin(context: KubeconfigContext): () => Promise<Login> {
    const { exec } = context.user;
    if (!exec) {
        const none = Promise.resolve({});
        return () => none;
    }
    let current: Promise<Login> | undefined;
    return async () => {
        const seen = current;
        const login = await seen;
        // Another request may have begun the next login meanwhile.
        if (seen === current && login?.expires && login.expires.getTime() - MARGIN < Date.now()) current = undefined;
        current ??= runCredentialPlugin(exec, context);
        return current;
    };
}

/**
 * The headers that say who asks. A kubeconfig's own token counts before a plugin's, and a token's file, which others
 * write anew, before both.
 */
export function authorizationHeaders(context: KubeconfigContext, login: Login, server: URL): Headers {
    const { user } = context;
    const token = tokenFromFile(context) ?? user.token ?? login.token ?? tokenOfProvider(context);
    const headers: Headers = impersonationHeaders(context);
    if (token) headers.authorization = `Bearer ${token}`;
    else if (user.username) headers.authorization = basic(user.username, user.password ?? "");
    else if (server.username)
        headers.authorization = basic(decodeURIComponent(server.username), decodeURIComponent(server.password));
    return headers;
}

/** Says why a server does not know a user any more, or not yet, as far as what the user logs in with tells. */
export function endedLogin(context: KubeconfigContext, login: Login): string | undefined {
    const token = tokenFromFile(context) ?? context.user.token ?? login.token;
    const [what, times] = token
        ? (["token", timesOf(token)] as const)
        : (["client certificate", clientCertificateTimes(context, login)] as const);
    const [from, to] = times ?? [0, 0];
    const subject = `the ${what} of user ${JSON.stringify(context.userName)} is`;
    const at = (time: number) => new Date(time).toISOString();
    if (to > 0 && to < Date.now()) return `${subject} over since ${at(to)}: log in again, or have it renewed`;
    if (from > Date.now()) return `${subject} not valid before ${at(from)}: set this machine's clock right`;
    return undefined;
}

const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

function tokenFromFile({ kubeconfig, user, userName }: KubeconfigContext): string | undefined {
    if (!user.tokenFile) return undefined;
    try {
        return readFileSync(user.tokenFile, "utf8").trim();
    } catch (error) {
        throw new UserError(
            `${kubeconfig} names a file in tokenFile of user ${JSON.stringify(userName)} that cannot be read ` +
                `(${reasonOf(error)}); repair the kubeconfig or bring the file`,
        );
    }
}

/** Of kubectl's own providers only oidc is left; it renews its tokens, and writes them into the kubeconfig. */
function tokenOfProvider({ kubeconfig, user, userName, name }: KubeconfigContext): string | undefined {
    const provider = user["auth-provider"];
    if (!provider) return undefined;
    const subject = `${kubeconfig} logs user ${JSON.stringify(userName)} in by the auth-provider`;
    if (provider.name !== "oidc")
        throw new UserError(
            `${subject} ${JSON.stringify(provider.name)}, which kubectl does not have any more; let the cluster's ` +
                "tool write a kubeconfig with exec",
        );
    const token = provider.config?.["id-token"];
    if (token && timesOf(token)[1] - MARGIN > Date.now()) return token;
    throw new UserError(
        `${subject} oidc, and its id-token has expired; renew it with: kubectl --context ${JSON.stringify(name)} version`,
    );
}

/** From when to when a JSON Web Token is valid, in milliseconds; 0 of what it does not say, or of what is none. */
function timesOf(token: string): readonly [from: number, to: number] {
    try {
        const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as unknown;
        const { nbf, exp } = claims as { nbf?: unknown; exp?: unknown };
        return [millisecondsOf(nbf), millisecondsOf(exp)];
    } catch {
        return [0, 0];
    }
}

/** Of seconds that are a moment; 0 of anything else. */
function millisecondsOf(seconds: unknown): number {
    return typeof seconds === "number" && Math.abs(seconds) < LAST_SECOND ? seconds * 1000 : 0;
}

/** The last moment that a date can be, in seconds. */
const LAST_SECOND = 8.64e12;

function impersonationHeaders({ kubeconfig, user, userName }: KubeconfigContext): Headers {
    const { as, "as-uid": uid, "as-groups": groups = [], "as-user-extra": extra = {} } = user;
    if (!as && (uid || groups.length > 0 || Object.keys(extra).length > 0))
        throw new UserError(
            `${kubeconfig} names groups or more for user ${JSON.stringify(userName)} to act as, but not whom (as); ` +
                "repair the file",
        );
    return {
        ...(as && { "impersonate-user": as }),
        ...(uid && { "impersonate-uid": uid }),
        ...(groups.length > 0 && { "impersonate-group": [...groups] }),
        ...Object.fromEntries(
            Object.entries(extra).map(([key, values]) => [
                `impersonate-extra-${encodeURIComponent(key.toLowerCase())}`,
                [...values],
            ]),
        ),
    };
}
