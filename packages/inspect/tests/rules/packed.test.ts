import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { readRules } from "../../src/rules";
import { packedScript, unpack } from "../../src/rules/packed";

const RULES = "*nat\n-A KUBE-SERVICES -j KUBE-SVC-A # ä\nCOMMIT";
const PRINTED = `${RULES}\n# End of the rules\n`;
let bin: string;

beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), "inspect-"));
    program("sleep", "");
});
afterEach(() => rmSync(bin, { recursive: true }));

function program(name: string, script: string): void {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
}

/** Plays the node: its only programs are those of a shell and the ones of this test. */
function onNode(
    saves: string,
    programs = ["gzip", "base64", "uname", "cat", "grep"],
    prefix = "",
): { status: number | null; stdout: string } {
    for (const name of programs) program(name, `exec /usr/bin/${name} "$@"`);
    if (saves !== "")
        for (const family of ["iptables", "ip6tables"]) program(`${family}-save`, family === "iptables" ? saves : "");
    const script = packedScript("10.0.0.1", prefix).replace('PATH="$PATH:/usr/sbin:/sbin"', "");
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-s"], {
        input: script,
        encoding: "utf8",
        env: { PATH: bin },
    });
    expect(stderr).toBe("");
    return { status, stdout };
}

describe("a node's rules, packed", () => {
    it("come out as they went in, with the names of the node", () => {
        const { status, stdout } = onNode(`cat <<'END'\n${RULES}\nEND`);
        expect(status).toBe(0);
        expect(stdout).toMatch(/^[A-Za-z0-9+/=\n]+$/);
        const { text, hosts } = unpack(stdout, "x");
        expect(text).toBe(PRINTED);
        expect(hosts).toEqual(["10.0.0.1", spawnSync("uname", ["-n"], { encoding: "utf8" }).stdout.trim()]);
    });

    it("come out also of a node that cannot compress", () => {
        const { stdout } = onNode(`cat <<'END'\n${RULES}\nEND`, ["uname", "cat"]);
        expect(stdout).toContain("-A KUBE-SERVICES");
        expect(unpack(stdout, "x")).toMatchObject({ text: PRINTED, hosts: ["10.0.0.1", expect.any(String)] });
    });

    it("are nft's where the node has no iptables-save", () => {
        program("nft", 'if [ "$*" = "list chains" ]; then echo "table ip nat {"; else echo "{} $*"; fi');
        expect(unpack(onNode("").stdout, "x").text).toBe("{} -j list table ip nat\n# End of the rules\n");
        program("nft", '[ "$*" = "list chains" ]');
        expect(unpack(onNode("").stdout, "x").text).toBe("# End of the rules\n");
        program("nft", 'if [ "$*" = "list chains" ]; then echo "table ip a {"; else exit 1; fi');
        expect(unpack(onNode("").stdout, "x").text).toContain("# Warning: nft does not list the table ip a\n");
        program("nft", "exit 1");
        expect(() => unpack(onNode("").stdout, "x")).toThrow(/does not let this user read its rules \(exit code 4\)/);
    });

    it("are much shorter", () => {
        const { stdout } = onNode(
            "i=0; while [ $i -lt 500 ]; do echo '-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment x -j " +
                "KUBE-SEP-B'; i=$((i+1)); done",
        );
        expect(stdout.length).toBeLessThan(unpack(stdout, "x").text.length / 10);
    });

    it.each([
        [
            "has no program for it",
            "",
            "The host 10.0.0.1 has neither iptables-save nor nft, so its rules cannot be read: install iptables or " +
                "nftables there, or read another node.",
        ],
        [
            "does not let the user read them",
            "exit 1",
            "The host 10.0.0.1 does not let this user read its rules (exit code 4): log in as root, or as a user " +
                "whose sudo runs iptables-save and nft without a password.",
        ],
    ])("tell, without failing, that the node %s", (_, saves, sentence) => {
        const { status, stdout } = onNode(saves);
        expect(status).toBe(0);
        expect(() => unpack(stdout, "x")).toThrow(new UserError(sentence));
    });

    it("that are cut off are not taken for fewer rules", () => {
        const { stdout } = onNode(`cat <<'END'\n${RULES}\nEND`);
        expect(() => unpack(stdout.slice(0, 60), "on standard input")).toThrow(
            /^The rules on standard input are damaged \(.+\): read them anew\.$/,
        );
    });
});

describe("files of rules", () => {
    it("may be packed, and then tell whose they are", async () => {
        const file = join(bin, "packed");
        writeFileSync(file, onNode(`cat <<'END'\n${RULES}\nEND`).stdout);
        expect(await readRules({ kind: "file", files: [file] })).toMatchObject({
            text: PRINTED,
            source: "the rules of 10.0.0.1",
            hosts: ["10.0.0.1", expect.any(String)],
        });
    });

    it("that are not packed stay as they are", () => {
        expect(unpack("# Generated by iptables-save\n*nat", "x")).toEqual({
            text: "# Generated by iptables-save\n*nat",
            hosts: [],
        });
        expect(unpack("", "x")).toEqual({ text: "", hosts: [] });
    });
});
