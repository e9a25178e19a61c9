import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePackages, NODE_IP, which } from "@istio-on-pulumi/lab";
import type { Lab } from "./lab";
import { eventually } from "./lab-objects";

/** A key pair of type ed25519. */
export interface KeyPair {
    /** The private key's file; beside it, with `.pub`, the public one. */
    readonly file: string;
    /** In OpenSSH's PEM form. */
    readonly privateKey: string;
    /** Type and key, without a comment. */
    readonly publicKey: string;
}

/** A real SSH server on the lab's node, which lets root in by one key alone. */
export interface LabSshd {
    readonly host: string;
    readonly port: number;
    /** The server's own. */
    readonly hostKey: KeyPair;
    /** The one that it lets in. */
    readonly userKey: KeyPair;
    /** A new pair, which it knows nothing of. */
    otherKey(): KeyPair;
    /** How often it has let somebody in, and by what: `Accepted publickey for root ...`. */
    logins(): string[];
    close(): Promise<void>;
}

const PORT = 22_022;
/**
 * Gives the server what it looks for and alone sees: a directory of root's, and whether root's account is locked. On a
 * system that never started one there is no such directory; in a lab without root it is not root's, and what the
 * machine says of accounts cannot be read.
 */
const PREPARE =
    "mkdir -p /run/sshd && mount -n -t tmpfs -o mode=755 sshd /run/sshd && " +
    'mount -n --bind "$1" /etc/shadow && shift && exec "$@"';
/** Asked by Debian's packages whether they may start what they install. */
const POLICY = "/usr/sbin/policy-rc.d";

/** Starts the server in the lab's network namespace; installs it where it is missing. */
export async function startSshd(lab: Lab): Promise<LabSshd> {
    await ensureSshd();
    const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-sshd-"));
    let made = 0;
    const otherKey = () => makeKey(join(dir, `key-${made++}`));
    const [hostKey, userKey] = [otherKey(), otherKey()];
    writeFileSync(join(dir, "authorized_keys"), `${userKey.publicKey}\n`, { mode: 0o600 });
    writeFileSync(
        join(dir, "sshd_config"),
        [
            `ListenAddress ${NODE_IP}:${PORT}`,
            `HostKey ${hostKey.file}`,
            `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
            "PidFile none",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            // The directory above is everybody's.
            "StrictModes no",
            "AllowTcpForwarding no",
            "PrintMotd no",
            "PrintLastLog no",
            "",
        ].join("\n"),
    );
    // It starts itself anew for each connection, for which it wants its full path.
    const shadow = join(dir, "shadow");
    writeFileSync(shadow, "root:x:19000::::::\n");
    const server = [which("sshd")!, "-D", "-e", "-f", join(dir, "sshd_config")];
    const child = await lab.spawn(["unshare", "--mount", "--", "sh", "-c", PREPARE, "sh", shadow, ...server]);
    const log = { text: "" };
    for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (data: string) => (log.text += data));
    await listening(child, log);
    return {
        host: NODE_IP,
        port: PORT,
        hostKey,
        userKey,
        otherKey,
        logins: () => log.text.split("\n").filter((line) => line.startsWith("Accepted ")),
        close: async () => {
            await ended(child);
            rmSync(dir, { recursive: true, force: true });
        },
    };
}

/** An SSH agent with one key. */
export async function startAgent(key: KeyPair): Promise<{ socket: string; close(): Promise<void> }> {
    const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-agent-"));
    const socket = join(dir, "socket");
    const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    await eventually(() => Promise.resolve(existsSync(socket)), Boolean, "the agent's socket");
    execFileSync("ssh-add", ["-q", key.file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    return {
        socket,
        close: async () => {
            await ended(child);
            rmSync(dir, { recursive: true, force: true });
        },
    };
}

function makeKey(file: string): KeyPair {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
    const [type, key] = readFileSync(`${file}.pub`, "utf8").trim().split(" ");
    return { file, privateKey: readFileSync(file, "utf8"), publicKey: `${type} ${key}` };
}

/** Debian starts a server that it installs, on every address of the machine; here it must not. */
async function ensureSshd(): Promise<void> {
    const forbidden = which("sshd") === undefined && !existsSync(POLICY);
    if (forbidden) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    try {
        await ensurePackages({ sshd: "openssh-server", ssh: "openssh-client" }, console.log);
    } finally {
        if (forbidden) rmSync(POLICY);
    }
}

async function listening(child: ChildProcess, log: { text: string }): Promise<void> {
    await eventually(
        () => {
            if (child.exitCode !== null) throw new Error(`sshd ended before it listened:\n${log.text}`);
            return Promise.resolve(log.text);
        },
        (text) => text.includes("Server listening on"),
        "an SSH server that listens",
    );
}

async function ended(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, "exit");
    child.kill();
    await over;
}
