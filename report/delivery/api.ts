import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { fetchThroughProxy } from "../../upstream/fetch";

/** What a forge's API answered with, or that it did not. */
export class ApiFailure extends UserError {
    /**
     * @param isPassing whether another attempt may go better
     * @param status absent where there was no answer
     * @param retryAfterMs how long the server wants to be left alone, where it says so
     */
    constructor(
        message: string,
        readonly isPassing: boolean,
        readonly status?: number,
        readonly retryAfterMs?: number,
    ) {
        super(message);
    }
}

/** How one forge's API is spoken to. */
export interface Access {
    /** Such as `GitHub`. */
    readonly name: string;
    /** URL that all paths come after. */
    readonly base: string;
    readonly token: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Where the token comes from and what it must be allowed; ends the sentences about it. */
    readonly advice: string;
}

/** Time limit of a request, in milliseconds. */
const TIME_LIMIT = 30_000;
/** Both GitHub and GitLab give no more on a page. */
const PAGE_SIZE = 100;
/** More pages are a server that does not count them. */
const MOST_PAGES = 1000;

/** Sends JSON to the API of a forge; what it throws names the forge and what to do, and never the token. */
export class Api {
    constructor(private readonly access: Access) {}

    async send<T>(method: "GET" | "POST" | "PATCH" | "PUT", path: string, body?: object): Promise<T> {
        return (await this.ask<T>(method, path, body)).data;
    }

    /** All entries of a list. Gitea calls a page's size `limit`. */
    async all<T>(path: string): Promise<T[]> {
        const entries: T[] = [];
        for (let page = 1; page <= MOST_PAGES; page++) {
            const query = `${path.includes("?") ? "&" : "?"}per_page=${PAGE_SIZE}&limit=${PAGE_SIZE}&page=${page}`;
            const { data, hasNext } = await this.ask<T[]>("GET", path + query);
            entries.push(...data);
            if (!hasNext) break;
        }
        return entries;
    }

    private async ask<T>(method: string, path: string, body?: object): Promise<{ data: T; hasNext: boolean }> {
        const { name, base, headers } = this.access;
        const signal = AbortSignal.timeout(TIME_LIMIT);
        const json = body && { body: JSON.stringify(body) };
        const sent = { method, headers: { ...headers, ...(json && { "content-type": "application/json" }) }, ...json };
        try {
            const answer = await fetchThroughProxy(new URL(base + path), { ...sent, redirect: "manual", signal });
            const text = await answer.text();
            if (!answer.ok) throw this.refusal(method, path, answer.status, text, (key) => answer.headers.get(key));
            return {
                data: (text === "" ? undefined : JSON.parse(text)) as T,
                hasNext: /rel="?next"?/.test(answer.headers.get("link") ?? ""),
            };
        } catch (error) {
            if (error instanceof UserError) throw error;
            const reason = signal.aborted ? `no answer in ${TIME_LIMIT / 1000} s` : reasonOf(error);
            throw new ApiFailure(`${name} at ${base} cannot be asked: ${this.withoutToken(reason)}.`, true);
        }
    }

    private refusal(
        method: string,
        path: string,
        status: number,
        text: string,
        header: (name: string) => string | null,
    ): ApiFailure {
        const { name, base, advice } = this.access;
        const said = this.withoutToken(messageIn(text));
        const what = `${method} ${path.replace(/\?.*/, "")} of ${name} at ${base} is answered with ${status} (${said})`;
        const isBusy = status === 429 || (status === 403 && header("x-ratelimit-remaining") === "0");
        const seconds = Number(header("retry-after") ?? Number.NaN);
        return new ApiFailure(
            `${what}${[401, 403, 404].includes(status) && !isBusy ? `; ${advice}` : ""}.`,
            isBusy || status >= 500,
            status,
            Number.isFinite(seconds) ? seconds * 1000 : undefined,
        );
    }

    private withoutToken(text: string): string {
        const { token } = this.access;
        return token === "" ? text : text.replaceAll(token, "***");
    }
}

/** More of a server's answer than that is a page of HTML. */
const LONGEST_MESSAGE = 200;

function messageIn(text: string): string {
    let message: unknown = text;
    try {
        const answer = JSON.parse(text) as { message?: unknown; error?: unknown; errors?: unknown };
        message = [answer.message ?? answer.error, answer.errors].filter((part) => part !== undefined);
    } catch {
        // What stands in front of the API answers in HTML.
    }
    const words = Array.isArray(message)
        ? message.map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
        : [text];
    return words.join(", ").replace(/\s+/g, " ").replace(/\.$/, "").slice(0, LONGEST_MESSAGE) || "without a word";
}
