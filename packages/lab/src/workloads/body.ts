import type { IncomingMessage } from "node:http";
import { RequestError } from "./exchange";

/** Most of a body that is kept, in bytes. */
export const BODY_LIMIT = 64 * 1024;

/** The first {@link BODY_LIMIT} bytes of a body, and how many there were. */
export async function readStart(request: IncomingMessage): Promise<{ start: Buffer; size: number }> {
    const kept: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
        if (size < BODY_LIMIT) kept.push(chunk.subarray(0, BODY_LIMIT - size));
        size += chunk.length;
    }
    return { start: Buffer.concat(kept), size };
}

/**
 * A body as text.
 * @throws RequestError if it is longer than {@link BODY_LIMIT}.
 */
export async function readText(request: IncomingMessage): Promise<string> {
    const { start, size } = await readStart(request);
    if (size > BODY_LIMIT) throw new RequestError(413, `The body has ${size} bytes; at most ${BODY_LIMIT} are taken.`);
    return start.toString("utf8");
}
