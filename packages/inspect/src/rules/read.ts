import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { text as readStream } from "node:stream/consumers";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { listed } from "../finding";
import { unpack } from "./packed";
import { NO_PROGRAM, NOT_SAVED, saveScript } from "./script";
import type { RuleSource, RuleText } from "./source";

/** How long a node may take to answer and to print its rules, in milliseconds. */
const TIME_LIMIT = 60_000;
const CONNECT_SECONDS = 15;
/** More than any node has; beyond it something else is printed. */
const MOST_BYTES = 512 * 2 ** 20;

/**
 * Reads a node's rules as text.
 *
 * @throws UserError where the program, the file, the host or the permission is missing
 */
export function readRules(source: RuleSource): Promise<RuleText> {
    switch (source.kind) {
        case "local":
            return readLocal();
        case "ssh":
            return readBySsh(source);
        case "file":
            return readFiles(source.files);
    }
}

async function readFiles(files: readonly string[]): Promise<RuleText> {
    const parts = await Promise.all(
        files.map(async (file) => {
            const printed = await (file === "-" ? readStream(process.stdin) : readFile(file, "utf8")).catch(
                (error: unknown) => {
                    throw new UserError(
                        `The file ${file} cannot be read (${reasonOf(error)}); name one that iptables-save or ` +
                            "nft -j wrote with --rules <file>.",
                    );
                },
            );
            return unpack(printed, file === "-" ? "on standard input" : `in ${file}`);
        }),
    );
    const [first] = parts.flatMap(({ hosts }) => hosts);
    const read = files.every((file) => file === "-") ? "the rules on standard input" : `the rules in ${listed(files)}`;
    return {
        text: parts.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`)).join(""),
        source: first === undefined ? read : `the rules of ${first}`,
        hosts: parts.flatMap(({ hosts }) => hosts),
    };
}

async function readLocal(): Promise<RuleText> {
    const { code, output, stderr } = await run("sh", ["-c", saveScript("")]);
    if (code === NO_PROGRAM)
        throw new UserError(
            "This machine has neither iptables-save nor nft, so its rules cannot be read: install iptables or " +
                "nftables, read a node with --ssh <host>, or a saved file with --rules <file>.",
        );
    if (code !== 0) {
        throw new UserError(
            `The rules of this machine cannot be read (${stderr || `exit code ${code}`}): run this as root on a ` +
                "node, read a node with --ssh <host>, or a saved file with --rules <file>.",
        );
    }
    return { text: output, source: "the rules of this machine", hosts: hostsOf({ kind: "local" }) };
}

/** Names and addresses of the machine that a source reads, as far as they are known beforehand. */
export function hostsOf(source: RuleSource): string[] {
    if (source.kind === "ssh") return [source.target.replace(/^.*@/, "")];
    return source.kind === "file"
        ? []
        : [
              hostname(),
              ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
          ];
}

async function readBySsh(source: Extract<RuleSource, { kind: "ssh" }>): Promise<RuleText> {
    const { target, port, identity, knownHosts, sudo } = source;
    const args = [
        ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", `ConnectTimeout=${CONNECT_SECONDS}`, "-T"],
        ...(port === undefined ? [] : ["-p", String(port)]),
        ...(identity === undefined ? [] : ["-i", identity, "-o", "IdentitiesOnly=yes"]),
        ...(knownHosts === undefined
            ? []
            : ["-o", `UserKnownHostsFile=${knownHosts}`, "-o", "GlobalKnownHostsFile=none"]),
        "--",
        target,
        "sh",
        "-s",
    ];
    const { code, output, stderr } = await run("ssh", args, saveScript(sudo ? "sudo -n " : ""));
    if (code === 0) return { text: output, source: `the rules of ${target}`, hosts: hostsOf(source) };
    throw new UserError(sshFailure(target, code, stderr));
}

/** What the `ssh` client says where it refuses a host's key. */
const UNKNOWN_HOST_KEY = [
    /host key verification failed/i,
    /no .* host key is known/i,
    /host key for .* has changed/i,
    /REMOTE HOST IDENTIFICATION/i,
];

/** One sentence for what `ssh` or the script printed on standard error. */
function sshFailure(target: string, code: number | null, stderr: string): string {
    if (UNKNOWN_HOST_KEY.some((words) => words.test(stderr)))
        return (
            `The host key of ${target} is not the known one: compare it on the node, then put it into the file of ` +
            "--known-hosts (default ~/.ssh/known_hosts)."
        );
    if (/permission denied/i.test(stderr) && code === 255)
        return (
            `The host ${target} refuses this user's keys: name a key with --identity <file>, or load one into the ` +
            "ssh agent."
        );
    if (code === NO_PROGRAM)
        return (
            `The host ${target} has neither iptables-save nor nft: kube-proxy's image brings its own; save the rules ` +
            "there and name the file with --rules <file>."
        );
    if (code === NOT_SAVED || /sudo/.test(stderr))
        return (
            `The host ${target} does not let this user read its rules (${lastLine(stderr)}): log in as root, or ` +
            "allow " +
            "iptables-save and nft by sudo without a password and use --sudo."
        );
    return (
        `The host ${target} cannot be asked by ssh (${lastLine(stderr) || `exit code ${code}`}): check its name, its ` +
        "port and that this machine reaches it."
    );
}

const lastLine = (text: string) => text.trim().split("\n").at(-1)?.trim().replace(/\.$/, "") ?? "";

interface Outcome {
    readonly code: number | null;
    readonly output: string;
    /** Standard error. */
    readonly stderr: string;
}

function run(program: string, args: readonly string[], input?: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
        const output: Buffer[] = [];
        const stderr: Buffer[] = [];
        let bytes = 0;
        const stop = (message: string) => {
            child.kill();
            reject(new UserError(message));
        };
        const timer = setTimeout(
            () =>
                stop(
                    `${program} has not printed the rules in ${TIME_LIMIT / 1000} s; save them on the node and ` +
                        "name the file with --rules <file>.",
                ),
            TIME_LIMIT,
        );
        child.stdout.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MOST_BYTES)
                stop(`${program} printed more than ${MOST_BYTES / 2 ** 20} MB, which no rule set is.`);
            else output.push(chunk);
        });
        child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
        // A program that ends early does not read its input to the end; its exit code says why.
        child.stdin.on("error", () => undefined);
        child.once("error", (error: NodeJS.ErrnoException) => {
            clearTimeout(timer);
            reject(
                error.code === "ENOENT"
                    ? new UserError(`There is no program ${program} on this machine's PATH; install it.`)
                    : error,
            );
        });
        child.once("close", (code) => {
            clearTimeout(timer);
            resolve({
                code,
                output: Buffer.concat(output).toString("utf8"),
                stderr: Buffer.concat(stderr).toString("utf8").trim(),
            });
        });
        child.stdin.end(input);
    });
}
