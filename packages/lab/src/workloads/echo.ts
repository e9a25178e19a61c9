import { isUtf8 } from "node:buffer";
import type { Application } from "./application";
import { BODY_LIMIT, readStart } from "./body";
import { json } from "./exchange";
import type { Settings } from "./settings";

/**
 * Answers any method at any path with what it was asked: `{pod, method, path, port, peer, own, headers, body,
 * bodyEncoding, bodyBytes}`. `path` has the query, `port` is the one that was asked, `peer` and `own` are SPIFFE URIs
 * or null. `body` has the first 64 KiB, in base64 where they are not UTF-8; `bodyBytes` counts all of them.
 */
export function echo({ pod }: Settings): Application {
    const handle: Application["handle"] = async ({ method, request, hop }) => {
        const { start, size } = await readStart(request);
        const whole = size > BODY_LIMIT ? withoutCutCharacter(start) : start;
        const bodyEncoding = isUtf8(whole) ? "utf8" : "base64";
        const { peer, own } = hop;
        return json({
            pod,
            method,
            path: request.url,
            port: request.socket.localPort,
            peer,
            own,
            headers: request.headers,
            body: (bodyEncoding === "utf8" ? whole : start).toString(bodyEncoding),
            bodyEncoding,
            bodyBytes: size,
        });
    };
    return { handle, close: () => undefined };
}

/** Bytes without those at their end that begin a UTF-8 character but do not complete it. */
function withoutCutCharacter(bytes: Buffer): Buffer {
    const lengths = [0, 1, 2, 3];
    return lengths.map((cut) => bytes.subarray(0, bytes.length - cut)).find(isUtf8) ?? bytes;
}
