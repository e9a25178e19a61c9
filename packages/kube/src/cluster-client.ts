import { codeOf, reasonOf, UserError } from "./errors";
import { type ClusterReference, loadContext, type WaysToName } from "./kubeconfig";
import { makeTransport, type Request, type Response, type Transport } from "./transport";

/** What every object has. */
export interface ObjectMetadata {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly {
        readonly apiVersion: string;
        readonly kind: string;
        readonly name: string;
        readonly uid: string;
        readonly controller?: boolean;
    }[];
    readonly managedFields?: readonly {
        readonly manager?: string;
        readonly operation?: string;
        readonly subresource?: string;
        readonly fieldsV1?: object;
    }[];
}

/** Statuses that mean `undefined` and no failure, such as 404. */
export interface Absence {
    readonly absent: readonly number[];
}

/** What an API server said, where a refusal is an answer too: its status, and the body, parsed if it is JSON. */
export interface Answer {
    readonly status: number;
    readonly body: unknown;
}

/** The questions to one API server, as one user. Paths begin with `/` and may hold a query. */
export interface ClusterClient {
    /** The context in use, also where the user named none. */
    readonly context: string;
    readonly server: string;
    /** `The cluster of context "x" (https://...)`: begins sentences. */
    readonly where: string;
    get<T>(path: string): Promise<T>;
    get<T>(path: string, options: Absence): Promise<T | undefined>;
    /** What is no JSON, such as metrics by the API server's proxy. */
    getText(path: string): Promise<string>;
    getText(path: string, options: Absence): Promise<string | undefined>;
    /** All objects of a list, page by page. */
    list<T>(path: string, options?: Selection): Promise<T[]>;
    list<T>(path: string, options: Selection & Absence): Promise<T[] | undefined>;
    /** The metadata alone of all objects of a list, page by page. */
    listMetadata(path: string, options?: Selection): Promise<ObjectMetadata[]>;
    listMetadata(path: string, options: Selection & Absence): Promise<ObjectMetadata[] | undefined>;
    /** A POST that must succeed. */
    create<T>(path: string, body: unknown): Promise<T>;
    /** A GET whose refusal is an answer too; it may have a time limit of its own. */
    tryGet(path: string, timeLimit?: number): Promise<Answer>;
    post(path: string, body: unknown): Promise<Answer>;
    /** A JSON merge patch. */
    patch(path: string, body: unknown): Promise<Answer>;
    delete(path: string): Promise<Answer>;
}

/** Which objects of a list are meant. */
export interface Selection {
    /** A label selector. */
    readonly selector?: string;
}

/** How a program asks. */
export interface Asking {
    readonly ways: WaysToName;
    /** What the user must be able to do, such as `administer the cluster`. */
    readonly rights: string;
    /** How long one request may take, in milliseconds; a login takes its own time. */
    readonly timeLimit: number;
}

/** The user may not do this (401, 403). */
export class RefusedError extends UserError {
    constructor(
        message: string,
        readonly status: number,
    ) {
        super(message);
    }
}

/** Objects to a page: a large cluster answers in pieces. */
const PAGE = 500;
const JSON_TYPE = "application/json";
const METADATA_LIST = `${JSON_TYPE};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,${JSON_TYPE}`;
/** The rest of a list is too old to be told. */
const GONE = 410;

/**
 * Opens the cluster of a kubeconfig's context, as kubectl would. Nothing is asked yet.
 *
 * Whatever is asked afterwards throws a UserError for everything but an answer, and for one that does not come in
 * time.
 *
 * @throws UserError where the kubeconfig does not lead to a cluster
 */
// eslint-disable-next-line @typescript-eslint/require-await -- what is thrown must be a rejection
export async function openCluster(
    reference: ClusterReference,
    { ways, rights, timeLimit }: Asking,
): Promise<ClusterClient> {
    const context = loadContext(reference, ways);
    const transport = makeTransport(context, timeLimit);
    const where = `The cluster of context ${JSON.stringify(context.name)} (${transport.server})`;

    const another = `or name another with: ${ways.context}`;
    const unreached = (reason: string, remedy = "check that it runs and that this machine reaches it") =>
        new UserError(`${where} cannot be reached: ${reason}; ${remedy}, ${another}`);
    const noApiServer = (reason: string) =>
        new UserError(
            `${where} does not answer as an API server does: ${reason}; check the cluster's server in the kubeconfig, ` +
                another,
        );
    const failure = ({ status, text }: Response, asked: string): UserError => {
        const said = messageIn(text);
        const answer = `HTTP ${status} to ${asked.replace(/[?].*/, "")}${said && `: ${said}`}`;
        if (status === 401 || status === 403) {
            const ended = status === 401 ? transport.endedLogin() : undefined;
            return new RefusedError(
                `${where} refuses this user (${answer}${ended ? `; ${ended}` : ""}); use a kubeconfig whose user may ` +
                    `${rights}, with: ${ways.kubeconfig}`,
                status,
            );
        }
        if (status !== 429 && status < 500) return noApiServer(answer);
        const what = status === 429 ? "is too busy" : "fails";
        return new UserError(`${where} ${what} (${answer}); try again when it is well, ${another}`);
    };
    const succeeded = (response: Response, asked: string): Response => {
        if (response.status >= 200 && response.status < 300) return response;
        throw failure(response, asked);
    };
    const send = async (request: Request, limit = timeLimit): Promise<Response> => {
        try {
            return await transport.send(request, limit);
        } catch (error) {
            if (error instanceof UserError) throw error;
            throw unreached(reasonOfFailure(error, transport, limit), remedyOf(error));
        }
    };
    const ask = async (path: string, accept: string, absent: readonly number[]): Promise<Response | undefined> => {
        const response = await send({ method: "GET", path, accept });
        return absent.includes(response.status) ? undefined : succeeded(response, `GET ${path}`);
    };
    const read = <T>({ contentType, text }: Response): T => {
        if (!contentType.startsWith(JSON_TYPE))
            throw noApiServer(`it answers with ${contentType || "no type"} and not with ${JSON_TYPE}`);
        const body = objectIn(text);
        if (body === undefined) throw noApiServer("its answer is no object in JSON, or is cut off");
        return body as T;
    };
    const get = async <T>(path: string, { absent }: Absence = { absent: [] }): Promise<T> => {
        const response = await ask(path, JSON_TYPE, absent);
        // Not reached without `absent`, so that the type without `undefined` holds there.
        return response === undefined ? (undefined as T) : read<T>(response);
    };
    const listed = async <T>(path: string, accept: string, options: Selection & Partial<Absence>): Promise<T[]> => {
        const items: T[] = [];
        let next: string | undefined;
        do {
            const tolerated = [...(options.absent ?? []), ...(next === undefined ? [] : [GONE])];
            const response = await ask(
                listPath(path, options.selector, {
                    limit: String(PAGE),
                    ...(next !== undefined && { continue: next }),
                }),
                accept,
                tolerated,
            );
            // As kubectl does: all at once, if paging takes longer than the server keeps the list's state.
            if (response === undefined && next !== undefined)
                return read<Page<T>>((await ask(listPath(path, options.selector), accept, []))!).items ?? [];
            if (response === undefined) return undefined as unknown as T[];
            const page = read<Page<T>>(response);
            // An empty list of metadata is no list but null.
            items.push(...(page.items ?? []));
            next = page.metadata?.continue;
        } while (next);
        return items;
    };
    const change = (method: Request["method"], path: string, contentType?: string, body?: unknown) =>
        send({
            method,
            path,
            accept: JSON_TYPE,
            ...(contentType !== undefined && { contentType, body: JSON.stringify(body) }),
        });
    return {
        context: context.name,
        server: transport.server,
        where,
        get,
        getText: async (path: string, { absent }: Absence = { absent: [] }) =>
            (await ask(path, "*/*", absent))?.text as string,
        list: <T>(path: string, options: Selection = {}) => listed<T>(path, JSON_TYPE, options),
        listMetadata: async (path: string, options: Selection = {}) =>
            (await listed<{ metadata: ObjectMetadata }>(path, METADATA_LIST, options))?.map(({ metadata }) => metadata),
        tryGet: async (path, limit) => answerOf(await send({ method: "GET", path, accept: "*/*" }, limit)),
        create: async <T>(path: string, body: unknown) =>
            read<T>(succeeded(await change("POST", path, JSON_TYPE, body), `POST ${path}`)),
        post: async (path, body) => answerOf(await change("POST", path, JSON_TYPE, body)),
        patch: async (path, body) => answerOf(await change("PATCH", path, "application/merge-patch+json", body)),
        delete: async (path) => answerOf(await change("DELETE", path)),
    };
}

interface Page<T> {
    readonly items: T[] | null;
    readonly metadata?: { readonly continue?: string };
}

function listPath(
    path: string,
    labelSelector: string | undefined,
    page: Readonly<Record<string, string>> = {},
): string {
    const query = new URLSearchParams({ ...page, ...(labelSelector !== undefined && { labelSelector }) });
    return query.size === 0 ? path : `${path}?${query}`;
}

function answerOf({ status, contentType, text }: Response): Answer {
    return { status, body: (contentType.startsWith(JSON_TYPE) ? objectIn(text) : undefined) ?? text };
}

/** The object that a text is in JSON. */
function objectIn(text: string): object | undefined {
    try {
        const value: unknown = JSON.parse(text);
        return typeof value === "object" && value !== null ? value : undefined;
    } catch {
        return undefined;
    }
}

/** Longer than what an API server says of a refusal; a proxy's page is cut off there. */
const LONGEST_SAID = 300;

/** What the API server says of its failure, as the inside of a sentence. */
function messageIn(text: string): string {
    const { message } = (objectIn(text) ?? {}) as { message?: unknown };
    const line = typeof message === "string" ? reasonOf(message) : "";
    return line.length > LONGEST_SAID ? `${line.slice(0, LONGEST_SAID)}...` : line;
}

function reasonOfFailure(error: unknown, { proxy }: Transport, timeLimit: number): string {
    const { name, code } = error as { name?: string; code?: string };
    const late = name === "TimeoutError" || code === "UND_ERR_CONNECT_TIMEOUT";
    const clock = CLOCK.includes(causeOf(error)) ? `, by this machine's clock (${new Date().toISOString()})` : "";
    const reason = late ? `no answer in ${timeLimit / 1000} s` : `${reasonOf(error)}${clock}`;
    return proxy === undefined ? reason : `${reason} (by the proxy ${proxy})`;
}

/** What is wrong with a server's certificate, by the codes of TLS. */
const CLOCK: readonly string[] = ["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"];
const AUTHORITY: readonly string[] = [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_SIGNATURE_FAILURE",
];

function causeOf(error: unknown): string {
    let innermost = error;
    while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
    return codeOf(innermost) ?? "";
}

/** What to do where a server was found and is not trusted; `undefined` of what was not found. */
function remedyOf(error: unknown): string | undefined {
    const code = causeOf(error);
    if (CLOCK.includes(code)) return "set this machine's clock right, or have the server's certificate renewed";
    if (AUTHORITY.includes(code)) return "check certificate-authority in the kubeconfig";
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "check server and tls-server-name in the kubeconfig";
    return code === "ERR_SSL_WRONG_VERSION_NUMBER" ? "check whether its server speaks http:// only" : undefined;
}
