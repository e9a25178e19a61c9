import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeByHost, nodeOf, readRules } from "../../src/rules";
import { node } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";
import { pattern } from "../../testing/pattern";

let bin: string;
const path = process.env.PATH;

beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), "inspect-"));
});
afterEach(() => {
    process.env.PATH = path;
    rmSync(bin, { recursive: true });
});

/** A program of that name, first on the PATH. */
function program(name: string, script: string): void {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
    process.env.PATH = `${bin}:${path}`;
}

describe("rules in files", () => {
    it("are read as one text, in the order named", async () => {
        writeFileSync(join(bin, "a"), "*nat\nCOMMIT");
        writeFileSync(join(bin, "b"), "*filter\nCOMMIT\n");
        expect(await readRules({ kind: "file", files: [join(bin, "a"), join(bin, "b")] })).toEqual({
            text: "*nat\nCOMMIT\n*filter\nCOMMIT\n",
            source: `the rules in ${join(bin, "a")} and ${join(bin, "b")}`,
            hosts: [],
        });
    });

    it("that are not there are named", async () => {
        await expect(readRules({ kind: "file", files: [join(bin, "none")] })).rejects.toThrow(
            /^The file .*none cannot be read \(ENOENT.*\); name one that iptables-save or nft -j wrote with --rules /,
        );
    });
});

describe("the rules of this machine", () => {
    it("are those of both families in both back ends, with counters", async () => {
        for (const family of ["iptables", "ip6tables"])
            for (const backend of ["nft", "legacy"])
                program(`${family}-${backend}-save`, `echo "# ${family} ${backend} $*"`);
        const chains = "printf 'table %s {\\n\\tchain a {\\n\\t}\\n}\\n' 'ip kube-proxy' 'ip nat' 'inet mine'";
        program("nft", `if [ "$*" = "list chains" ]; then ${chains}; else echo "# nft $*"; fi`);
        const { text, hosts } = await readRules({ kind: "local" });
        expect(text.trim().split("\n")).toEqual([
            "# iptables nft -c",
            "# iptables legacy -c",
            "# ip6tables nft -c",
            "# ip6tables legacy -c",
            "# nft -j list table ip kube-proxy",
            "# nft -j list table inet mine",
            "# End of the rules",
        ]);
        expect(hosts).toContain("127.0.0.1");
    });

    it("are those of iptables where nft cannot tell any, with a warning", async () => {
        for (const each of ["iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"])
            program(`${each}-save`, "");
        program("nft", "echo 'netlink: Error: cache initialization failed' >&2; exit 1");
        const { text } = await readRules({ kind: "local" });
        expect(text).toBe("# Warning: nft fails here, so rules of nftables are not among these\n# End of the rules\n");
    });

    it("that may not be read are said to be so", async () => {
        program(
            "iptables-nft-save",
            "echo 'iptables-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied " +
                "(you must be root)' >&2; exit 4",
        );
        await expect(readRules({ kind: "local" })).rejects.toThrow(
            pattern(
                /^The rules of this machine cannot be read \(.*Permission denied.*\): run this as root on a node, /,
                /read a node with --ssh <host>, or a saved file with --rules <file>\.$/,
            ),
        );
    });
});

describe("the rules of a node by ssh", () => {
    it("are asked with the host's key checked, without a question, by the key named", async () => {
        program("ssh", 'echo "# $*"; cat > /dev/null');
        const { text, source, hosts } = await readRules({
            kind: "ssh",
            target: "root@10.0.0.1",
            port: 2222,
            identity: "/k",
            knownHosts: "/h",
        });
        expect(text).toBe(
            "# -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=15 -T -p 2222 -i /k -o " +
                "IdentitiesOnly=yes -o UserKnownHostsFile=/h -o GlobalKnownHostsFile=none -- root@10.0.0.1 sh -s\n",
        );
        expect([source, hosts]).toEqual(["the rules of root@10.0.0.1", ["10.0.0.1"]]);
    });

    it("are printed by a script that only reads, by sudo where that is asked for", async () => {
        program("ssh", "cat");
        const { text } = await readRules({ kind: "ssh", target: "cp", sudo: true });
        expect(text).toContain('sudo -n "$family-$backend-save" -c');
        expect(text).not.toMatch(/restore|-F|-X|-D /);
    });

    it.each([
        [
            "echo 'Host key verification failed.' >&2; exit 255",
            pattern(
                /^The host key of cp is not the known one: compare it on the node, then put it into the file of /,
                /--known-hosts/,
            ),
        ],
        [
            "echo '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @' >&2; exit 255",
            /^The host key of cp is not the known one/,
        ],
        [
            "echo 'root@cp: Permission denied (publickey).' >&2; exit 255",
            pattern(
                /^The host cp refuses this user's keys: name a key with --identity <file>, or load one into the ssh /,
                /agent\.$/,
            ),
        ],
        [
            "echo 'ssh: connect to host cp port 22: Connection refused' >&2; exit 255",
            pattern(
                /^The host cp cannot be asked by ssh \(ssh: connect to host cp port 22: Connection refused\): check /,
                /its name/,
            ),
        ],
        ["exit 3", /^The host cp has neither iptables-save nor nft: /],
        [
            "echo 'you must be root' >&2; exit 4",
            pattern(
                /^The host cp does not let this user read its rules \(you must be root\): log in as root, or allow /,
                /iptables-save and nft by sudo/,
            ),
        ],
        [
            "echo 'sudo: a password is required' >&2; exit 1",
            /^The host cp does not let this user read its rules \(sudo: a password is required\)/,
        ],
    ])("fail in one sentence: %s", async (script, message) => {
        program("ssh", `cat > /dev/null; ${script}`);
        await expect(readRules({ kind: "ssh", target: "cp" })).rejects.toThrow(message);
    });

    it("need the program", async () => {
        process.env.PATH = bin;
        await expect(readRules({ kind: "ssh", target: "cp" })).rejects.toThrow(
            "There is no program ssh on this machine's PATH; install it.",
        );
    });
});

describe("the node that rules are of", () => {
    const two = {
        ...mesh(),
        nodes: [
            node("cp"),
            { ...node("worker"), status: { addresses: [{ type: "InternalIP", address: "10.0.0.2" }] } },
        ],
    };

    it("is the one named, or with such a name or address, or the only one", () => {
        expect(nodeOf(two, ["10.0.0.2"], "named")).toBe("named");
        expect(nodeOf(two, ["vm", "10.0.0.2"])).toBe("worker");
        expect(nodeOf(two, ["cp"])).toBe("cp");
        expect(nodeOf(two, ["vm"])).toBeUndefined();
        expect(nodeOf(mesh(), ["vm"])).toBe("node-1");
        expect(nodeByHost(mesh(), ["vm"])).toBeUndefined();
    });
});
