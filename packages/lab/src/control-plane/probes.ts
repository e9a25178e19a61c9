import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How to ask a program whether it is ready. */
export interface HttpProbe {
    readonly url: string;
    /** PEM of the authority that the server's certificate must come from; required for https. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly headers?: Record<string, string>;
    /** A kubelet does not check a pod's certificate: only for `scheme: HTTPS` probes of pods. */
    readonly unverified?: boolean;
}

/** Whether a GET is answered with 200 to 399 in time. Never throws. */
export function httpReady(probe: HttpProbe, timeoutMs = 2000): Promise<boolean> {
    return new Promise((resolve) => {
        const options: RequestOptions & { ca?: string; cert?: string; key?: string; rejectUnauthorized?: boolean } = {
            headers: probe.headers,
            timeout: timeoutMs,
            agent: false,
        };
        const secure = probe.url.startsWith("https:");
        if (secure)
            Object.assign(options, {
                ca: probe.ca,
                cert: probe.cert,
                key: probe.key,
                rejectUnauthorized: !probe.unverified,
            });
        const request = (secure ? httpsRequest : httpRequest)(probe.url, options, (response) => {
            response.resume();
            const status = response.statusCode ?? 0;
            resolve(status >= 200 && status < 400);
        });
        request.on("timeout", () => request.destroy());
        request.on("error", () => resolve(false));
        // A server that never stops talking is as bad as one that never answers.
        request.on("close", () => resolve(false));
        request.end();
    });
}

/** Whether a TCP connection is accepted in time. Never throws. */
export function tcpReady(host: string, port: number, timeoutMs = 1000): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = connect({ host, port, timeout: timeoutMs });
        const end = (ready: boolean) => {
            socket.destroy();
            resolve(ready);
        };
        socket.once("connect", () => end(true));
        socket.once("timeout", () => end(false));
        socket.once("error", () => end(false));
    });
}

/** Asks again and again until the answer is yes (true) or the time is over or the signal fires (false). */
export async function until(
    ask: () => Promise<boolean>,
    options: { timeoutMs: number; everyMs: number; signal?: AbortSignal },
): Promise<boolean> {
    const deadline = Date.now() + options.timeoutMs;
    for (;;) {
        if (options.signal?.aborted) return false;
        if (await ask()) return true;
        if (Date.now() >= deadline) return false;
        await sleep(options.everyMs, undefined, { signal: options.signal }).catch(() => undefined);
    }
}
