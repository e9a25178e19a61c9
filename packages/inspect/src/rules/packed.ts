import { gunzipSync } from "node:zlib";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { NO_PROGRAM, saveScript } from "./script";

/** How Base64 of anything that gzip writes begins; nothing that iptables-save or nft prints does. */
const PACKED = "H4sI";
const HOST = "# rules of ";
const UNREAD = "# not read: exit code ";
/** After a change kube-proxy needs a moment, and these rules are read only once; in seconds. */
const SETTLE = 3;

/**
 * For a node's `sh`: prints its rules with the names of the host in front, as compressed text where the node has the
 * programs.
 *
 * It succeeds also where the rules cannot be read, and prints that instead: {@link unpack} then says why.
 *
 * @param host how the node is reached: a name or an address, which need no quotes
 * @param prefix what gives the right to read the rules, such as `sudo -n `
 */
export function packedScript(host: string, prefix: string): string {
    return `
sleep ${SETTLE}
rules=$(${saveScript(prefix)}) || rules="${UNREAD}$?"
pack() { if command -v gzip >/dev/null 2>&1 && command -v base64 >/dev/null 2>&1; then gzip -c | base64; else cat; fi; }
printf '%s\\n' "${HOST}${host}" "${HOST}$(uname -n)" "$rules" | pack
`;
}

/** What {@link packedScript} printed, or anything else as it is. */
export interface Unpacked {
    readonly text: string;
    /**
     * Host names and addresses of the node, the one that it was reached by first; none where the text is something
     * else.
     */
    readonly hosts: readonly string[];
}

/** @throws UserError where the node could not read its rules, or where the text is damaged */
export function unpack(printed: string, source: string): Unpacked {
    const text = printed.startsWith(PACKED) ? gunzip(printed, source) : printed;
    const hosts: string[] = [];
    for (const line of text.split("\n", 2)) if (line.startsWith(HOST)) hosts.push(line.slice(HOST.length));
    if (hosts.length === 0) return { text, hosts };
    const [first, ...rest] = text.split("\n").slice(hosts.length);
    if (first?.startsWith(UNREAD)) throw new UserError(unreadSentence(hosts[0]!, Number(first.slice(UNREAD.length))));
    return { text: [first, ...rest].join("\n"), hosts };
}

function gunzip(printed: string, source: string): string {
    try {
        return gunzipSync(Buffer.from(printed, "base64")).toString("utf8");
    } catch (error) {
        throw new UserError(`The rules ${source} are damaged (${reasonOf(error)}): read them anew.`);
    }
}

function unreadSentence(host: string, code: number): string {
    if (code === NO_PROGRAM)
        return (
            `The host ${host} has neither iptables-save nor nft, so its rules cannot be read: install iptables or ` +
            "nftables there, or read another node."
        );
    return (
        `The host ${host} does not let this user read its rules (exit code ${code}): log in as root, or as a user ` +
        "whose sudo runs iptables-save and nft without a password."
    );
}
