import type { Connection } from "./ssh";

/**
 * What the real plugin says where the ssh program says this: the same failure in its library's words.
 * @param hasKeys whether there was a key to try
 */
export function dialFailure(
    { host, port, hostKey }: Pick<Connection, "host" | "port" | "hostKey">,
    hasKeys: boolean,
    said: string,
): string {
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const ways: [RegExp, (match: RegExpExecArray) => string][] = [
        [
            /Could not resolve hostname [^:]*: (.*)/,
            ([, why]) =>
                `dial tcp: lookup ${host}: ${/not known|No address/.test(why!) ? "no such host" : lower(why!)}`,
        ],
        [
            /connect to host .* port \d+: (Connection timed out|Operation timed out)/,
            () => `dial tcp ${address}: i/o timeout`,
        ],
        [/connect to host .* port \d+: (.*)/, ([, why]) => `dial tcp ${address}: connect: ${lower(why!)}`],
        [
            /no matching host key type found\. Their offer: (\S+)/,
            ([, offer]) =>
                `ssh: handshake failed: ssh: no common algorithm for host key; we offered: [${hostKey?.split(/\s+/)[0] ?? ""}], peer offered: [${offer!.split(",").join(" ")}]`,
        ],
        [
            /Host key verification failed|HOST IDENTIFICATION HAS CHANGED/,
            () => "ssh: handshake failed: ssh: host key mismatch",
        ],
        [
            /Permission denied|Too many authentication failures/,
            () =>
                `ssh: handshake failed: ssh: unable to authenticate, attempted methods [none${hasKeys ? " publickey" : ""}], no supported methods remain`,
        ],
        [/(kex_exchange_identification|banner exchange|Connection (closed|reset))/, () => "ssh: handshake failed: EOF"],
    ];
    for (const [pattern, words] of ways) {
        const match = pattern.exec(said);
        if (match) return words(match);
    }
    return said.trim() || "ssh: handshake failed: EOF";
}

/** As the system's errors read in Go. */
const lower = (text: string) => text.trim().toLowerCase();
