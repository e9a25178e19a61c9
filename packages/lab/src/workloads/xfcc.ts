/**
 * Envoy's `X-Forwarded-Client-Cert` header: elements separated by commas, one for each client on the way, the immediate
 * one last; each element `key=value` pairs separated by semicolons. A value that holds a separator stands in double
 * quotes, in which `\"` is a quote. See Envoy's "HTTP header manipulation".
 */
export interface XfccElement {
    /** URIs of the certificate of the proxy that took the request: the application's own identity. */
    readonly by: readonly string[];
    /** URIs of the client's certificate. */
    readonly uri: readonly string[];
    /** DNS names of the client's certificate. */
    readonly dns: readonly string[];
    /** SHA-256 of the client's certificate. */
    readonly hash?: string;
    /** Subject of the client's certificate; may be empty. */
    readonly subject?: string;
}

/** The elements of the header in their order. A malformed header has none: nobody is identified by a guess. */
export function parseXfcc(header: string | undefined): XfccElement[] {
    const elements: XfccElement[] = [];
    let pairs: Pair[] = [];
    for (const { text, end } of splitPairs(header ?? "")) {
        const pair = parsePair(text);
        if (!pair) return [];
        pairs.push(pair);
        if (end === ";") continue;
        elements.push(elementOf(pairs));
        pairs = [];
    }
    return elements;
}

/** Who called and who was called, by SPIFFE URI; null where the request did not come over mutual TLS. */
export interface Identities {
    readonly peer: string | null;
    readonly own: string | null;
}

/** The identities in the header's last element: that of the immediate client. */
export function identities(header: string | undefined): Identities {
    const last = parseXfcc(header).at(-1);
    const spiffe = (uris: readonly string[] = []) => uris.find((uri) => uri.startsWith("spiffe://")) ?? null;
    return { peer: spiffe(last?.uri), own: spiffe(last?.by) };
}

/** The service account in an Istio identity `spiffe://<trust domain>/ns/<namespace>/sa/<account>`; else null. */
export function serviceAccountOf(uri: string | null): string | null {
    return /^spiffe:\/\/[^/]+\/ns\/[^/]+\/sa\/([^/]+)$/.exec(uri ?? "")?.[1] ?? null;
}

interface Piece {
    readonly text: string;
    readonly end: "," | ";" | "";
}

type Pair = readonly [key: string, value: string];

/** The header cut at separators outside of quotes, each piece with the separator after it; the last has none. */
function splitPairs(header: string): Piece[] {
    if (header.trim() === "") return [];
    const pieces: Piece[] = [];
    let from = 0;
    let quoted = false;
    for (let at = 0; at < header.length; at += 1) {
        const character = header[at];
        if (quoted && character === "\\") at += 1;
        else if (character === '"') quoted = !quoted;
        else if (!quoted && (character === "," || character === ";")) {
            pieces.push({ text: header.slice(from, at), end: character });
            from = at + 1;
        }
    }
    return [...pieces, { text: header.slice(from), end: "" }];
}

/** A pair, its key in lower case: keys have none. Undefined for anything else, such as a quote that stays open. */
function parsePair(text: string): Pair | undefined {
    const [, key, quoted, plain] = /^([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^"]*))$/.exec(text.trim()) ?? [];
    if (key === undefined) return undefined;
    // Only the quote is escaped by Envoy; other backslashes belong to the value, such as a subject's `O=A\, Inc`.
    return [
        key.toLowerCase(),
        quoted?.replace(/\\(.)/g, (both, character: string) => (character === '"' ? '"' : both)) ?? plain ?? "",
    ];
}

function elementOf(pairs: readonly Pair[]): XfccElement {
    const all = (wanted: string) => pairs.filter(([key]) => key === wanted).map(([, value]) => value);
    return { by: all("by"), uri: all("uri"), dns: all("dns"), hash: all("hash")[0], subject: all("subject")[0] };
}
