import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/**
 * What an application hands on with the requests that it makes while it answers one: upstream's list, and the
 * single-header form of B3. Proxies join their spans to one trace by these; the others carry who asks, for routing and
 * authorization.
 */
const FORWARDED = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "x-ot-span-context",
    "x-cloud-trace-context",
    "grpc-trace-bin",
    "sw8",
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "user-agent",
    "cookie",
    "authorization",
    "jwt",
] as const;

/** @param user who is signed in, or the caller's `end-user`; nobody if undefined. */
export function forwardedHeaders(headers: IncomingHttpHeaders, user: string | undefined): OutgoingHttpHeaders {
    const forwarded: Record<string, string | string[] | undefined> = {};
    for (const name of FORWARDED) if (headers[name] !== undefined) forwarded[name] = headers[name];
    return { ...forwarded, ...(user !== undefined && { "end-user": user }) };
}

/** The caller's `end-user`, where it says one. */
export function endUserOf(headers: IncomingHttpHeaders): string | undefined {
    const user = headers["end-user"];
    return typeof user === "string" ? user : undefined;
}
