import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What somebody wrote: a comment, or an issue with its number as id. */
export interface Written {
    readonly id: number;
    readonly author: string;
    title?: string;
    body: string;
    isOpen: boolean;
    /** How often it was edited. */
    edits: number;
}

type Kind = "github" | "gitea" | "gitlab";

/** As GitHub, Gitea and GitLab page, limit and answer: in what a comment or an issue needs. */
const BEHAVIOUR = {
    github: { base: "", pageSize: 30, longest: 65_536, tooLong: 422, badToken: "Bad credentials" },
    gitea: {
        base: "/api/v1",
        pageSize: 30,
        longest: 65_536,
        tooLong: 422,
        badToken: "invalid username, password or token",
    },
    gitlab: { base: "/api/v4", pageSize: 20, longest: 1_000_000, tooLong: 400, badToken: "401 Unauthorized" },
} as const;

/** Those that GitHub gives a workflow are no user's, and have no `/user`. */
export const WORKFLOW_TOKEN = "workflow-token";
export const USER_TOKEN = "user-token";
export const READER_TOKEN = "reader-token";
const USERS: Readonly<Record<string, string>> = {
    [WORKFLOW_TOKEN]: "github-actions[bot]",
    [USER_TOKEN]: "deployer",
    [READER_TOKEN]: "reader",
};

/** An API server of a forge with one repository, on loopback. */
export class ForgeServer {
    readonly comments: Written[] = [];
    readonly issues: Written[] = [];
    /** Merged pull requests by the commit that they came by. */
    readonly merged = new Map<string, number>();
    /** Requests as `<method> <path>`. */
    readonly requests: string[] = [];
    private readonly failures: { status: number; headers: Record<string, string>; isDone: boolean }[] = [];
    private count = 100;

    private constructor(
        readonly kind: Kind,
        private readonly server: Server,
        /** Of its API. */
        readonly url: string,
    ) {}

    static async start(kind: Kind): Promise<ForgeServer> {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        const forge = new ForgeServer(kind, server, `http://127.0.0.1:${port}${BEHAVIOUR[kind].base}`);
        server.on(
            "request",
            (request: IncomingMessage, response: ServerResponse) => void forge.serve(request, response),
        );
        return forge;
    }

    /** Once it has stopped it may be again. */
    async stop(): Promise<void> {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    /** Something that is there already. */
    write(to: "comments" | "issues", author: string, body: string): Written {
        const written = { id: this.count++, author, body, isOpen: true, edits: 0 };
        this[to].push(written);
        return written;
    }

    /** Answers the next request that writes with a failure, with or without having done what it asks. */
    failOnce(
        status: number,
        { isDone = false, headers = {} }: { isDone?: boolean; headers?: Record<string, string> } = {},
    ) {
        this.failures.push({ status, headers, isDone });
    }

    private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const { base, badToken } = BEHAVIOUR[this.kind];
        const { pathname, searchParams } = new URL(request.url!, "http://forge");
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
            response.writeHead(status, { "content-type": "application/json", ...headers });
            response.end(JSON.stringify(body));
        };
        this.requests.push(`${request.method} ${pathname}`);
        const { authorization = "", "private-token": own } = request.headers;
        const token = this.kind === "gitlab" ? String(own) : authorization.replace(/^Bearer /, "");
        if (!(token in USERS)) return answer(401, { message: `${badToken} ${token}` });
        const text = Buffer.concat(chunks).toString();
        const body = text === "" ? {} : (JSON.parse(text) as Record<string, string>);
        const isWrite = request.method !== "GET";
        const failure = isWrite ? this.failures.shift() : undefined;
        if (failure && !failure.isDone) return answer(failure.status, { message: "Server Error" }, failure.headers);
        if (isWrite && token === READER_TOKEN) return answer(403, { message: "Resource not accessible" });
        const [status, result] = this.answerTo(request.method!, pathname.slice(base.length), USERS[token]!, body);
        if (failure) return answer(failure.status, { message: "Server Error" });
        if (!Array.isArray(result)) return answer(status, result);
        const { entries, headers } = this.page(result, pathname, searchParams);
        return answer(status, entries, headers);
    }

    private answerTo(method: string, path: string, user: string, body: Record<string, string>): [number, unknown] {
        if (path === "/user") {
            if (this.kind === "github" && user === USERS[WORKFLOW_TOKEN])
                return [403, { message: "Resource not accessible" }];
            return [200, { login: user, username: user }];
        }
        const lab = this.kind === "gitlab";
        const root = lab ? "/projects/7" : "/repos/owner/name";
        if (!path.startsWith(root)) return [404, { message: "Not Found" }];
        const [, at = "", to = ""] = /^\/([a-z_]+)(.*)$/.exec(path.slice(root.length)) ?? [];
        if (at === "commits" || at === "repository") {
            const commit = /commits\/([^/]+)\//.exec(path)![1]!;
            const number = this.merged.get(commit);
            const found = { number, iid: number, merged_at: "2026-01-01T00:00:00Z", state: "merged" };
            if (this.kind === "gitea") return number === undefined ? [404, { message: "Not Found" }] : [200, found];
            return [200, number === undefined ? [] : [found]];
        }
        const isComment = lab ? at === "merge_requests" : /comments/.test(to);
        const list = isComment ? this.comments : this.issues;
        if (method === "GET") return [200, list.filter(({ isOpen }) => isOpen).map((one) => this.shown(one))];
        const { longest, tooLong } = BEHAVIOUR[this.kind];
        const written = (lab && !isComment ? body.description : body.body) ?? "";
        if (written === "" || [...written].length > longest)
            return [tooLong, { message: "Validation Failed", errors: ["body"] }];
        if (method === "POST") {
            const made = Object.assign(this.write(isComment ? "comments" : "issues", user, written), {
                title: body.title,
            });
            return [201, this.shown(made)];
        }
        if (method !== (lab ? "PUT" : "PATCH")) return [405, { message: "Method Not Allowed" }];
        const one = list.find(({ id }) => id === Number(/(\d+)$/.exec(path)![1]));
        if (one === undefined) return [404, { message: "Not Found" }];
        const isOpen = body.state !== "closed" && body.state_event !== "close";
        Object.assign(one, { body: written, edits: one.edits + 1, isOpen, title: body.title ?? one.title });
        return [200, this.shown(one)];
    }

    private shown({ id, author, body, title }: Written): object {
        return this.kind === "gitlab"
            ? { id, iid: id, author: { username: author }, body, description: body, title }
            : { id, number: id, user: { login: author }, body, title };
    }

    private page(all: readonly unknown[], path: string, query: URLSearchParams) {
        // Gitea has all comments on one page.
        if (this.kind === "gitea" && path.endsWith("/comments")) return { entries: all, headers: {} };
        const asked = Number(query.get(this.kind === "gitea" ? "limit" : "per_page") ?? BEHAVIOUR[this.kind].pageSize);
        const [size, page] = [Math.min(asked, 100), Number(query.get("page") ?? 1)];
        const hasNext = all.length > page * size;
        const link = `<${this.url}${path}?page=${page + 1}>; rel="next", <${this.url}${path}?page=1>; rel="first"`;
        return {
            entries: all.slice((page - 1) * size, page * size),
            headers: {
                ...(hasNext && { link }),
                ...(this.kind === "gitlab" && { "x-next-page": hasNext ? String(page + 1) : "" }),
            },
        };
    }
}
