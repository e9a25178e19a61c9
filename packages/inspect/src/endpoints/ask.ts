import { connect as connectTcp } from "node:net";
import { type ClusterClient, reasonOf } from "@istio-on-pulumi/kube";
import { type Answer, type Asker, NO_DATA_PLANE, type Question } from "./check";

/** How long one answer may take, in milliseconds. */
const TIME_LIMIT = 4_000;
/** Ports that speak HTTP, by the name's first part as Istio reads it, or by what the addons call theirs. */
const SPEAKS_HTTP = /^(http|http2|service|http-.*)$/;

/**
 * Asks a port as its users would: a URL from this machine, a cluster IP directly where this machine reaches it, else by
 * the API server's proxy. Where no containers run, silence is no failure.
 */
export function makeAsker(client: ClusterClient): Asker {
    return async (question) => {
        const answer = question.url === undefined ? await askInside(client, question) : await askUrl(question.url);
        return answer.state === "fails" && !question.dataPlane ? { state: "not asked", text: NO_DATA_PLANE } : answer;
    };
}

async function askUrl(url: string): Promise<Answer> {
    try {
        const response = await fetch(url, { signal: AbortSignal.timeout(TIME_LIMIT), redirect: "manual" });
        await response.body?.cancel();
        return { state: response.status < 400 ? "answers" : "fails", text: `HTTP ${response.status}` };
    } catch (error) {
        return { state: "fails", text: isTimeout(error) ? `no answer in ${TIME_LIMIT / 1000} s` : reasonOf(error) };
    }
}

const isTimeout = (error: unknown) => (error as { name?: string }).name === "TimeoutError";

async function askInside(client: ClusterClient, question: Question): Promise<Answer> {
    if (question.protocol !== "TCP") return { state: "not asked", text: `${question.protocol} gives no sign` };
    if (question.clusterIP !== undefined && (await opens(question.clusterIP, question.port)))
        return { state: "answers", text: "TCP" };
    if (!SPEAKS_HTTP.test(question.portName)) {
        return question.dataPlane
            ? { state: "not asked", text: "not reached from this machine" }
            : { state: "fails", text: "no connection" };
    }
    return askByProxy(client, question);
}

/** Whether a TCP connection comes about. */
function opens(host: string, port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connectTcp({ host, port, timeout: TIME_LIMIT / 2 });
        const end = (open: boolean) => {
            socket.destroy();
            resolve(open);
        };
        socket.once("connect", () => end(true));
        socket.once("timeout", () => end(false));
        socket.once("error", () => end(false));
    });
}

/** By `/proxy` of the Service: the API server calls one of its endpoints. */
async function askByProxy(client: ClusterClient, { namespace, service, portName, port }: Question): Promise<Answer> {
    const path = `/api/v1/namespaces/${namespace}/services/${service}:${portName || port}/proxy/`;
    try {
        const { status, body } = await client.tryGet(path, TIME_LIMIT);
        if (status === 403) return { state: "not asked", text: "this user may not use the API server's proxy" };
        // What the API server itself says is a Status object; everything else is the pod's own answer.
        const own = (body as { kind?: unknown } | null)?.kind === "Status";
        if (status < 300) return { state: "answers", text: "HTTP, by the API server" };
        return { state: !own && status < 500 ? "answers" : "fails", text: `HTTP ${status}, by the API server` };
    } catch (error) {
        return { state: "fails", text: reasonOf(error) };
    }
}
