import { execFile, execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ensurePackages, which } from "@istio-on-pulumi/lab";
import type { Outcome } from "./lab";

/** An ordinary user of the machine, made by a test that runs as root. */
export class MachineUser {
    readonly uid: number;
    readonly home: string;

    /** @param ids whether it gets subordinate ids, as users of Debian do */
    constructor(
        readonly name: string,
        home: string,
        ids: boolean,
    ) {
        this.home = home;
        const count = ids ? [] : ["--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0"];
        execFileSync("useradd", [...count, "--create-home", "--home-dir", home, "--shell", "/bin/sh", name]);
        this.uid = Number(execFileSync("id", ["--user", name], { encoding: "utf8" }));
    }

    /** Removes the user, its processes and its home. */
    remove(): void {
        for (const { pid } of this.processes()) process.kill(pid, "SIGKILL");
        removeUser(this.name);
        rmSync(this.home, { recursive: true, force: true });
    }

    /** The ids that are the user's: its own, and the first subordinate one of how many. */
    get ids(): { first: number; count: number } {
        const line = readFileSync("/etc/subuid", "utf8")
            .split("\n")
            .find((each) => each.startsWith(`${this.name}:`));
        const [first = 0, count = 0] = line?.split(":").slice(1).map(Number) ?? [];
        return { first, count };
    }

    /** Whether a user id is this user's own or one of its subordinate ones. */
    owns(uid: number): boolean {
        const { first, count } = this.ids;
        return uid === this.uid || (uid >= first && uid < first + count);
    }

    /** What runs on the machine as this user or as one of its subordinate ones. */
    processes(): { readonly pid: number; readonly uid: number; readonly program: string }[] {
        return readdirSync("/proc")
            .filter((name) => /^\d+$/.test(name))
            .flatMap((name) => {
                try {
                    const status = readFileSync(`/proc/${name}/status`, "utf8");
                    const [, program = ""] = /^Name:\t(.*)$/m.exec(status) ?? [];
                    return { pid: Number(name), uid: Number(/^Uid:\t(\d+)/m.exec(status)?.[1]), program };
                } catch {
                    return []; // It has ended.
                }
            })
            .filter(({ uid }) => this.owns(uid));
    }

    /** Runs a command as the user, with the environment of a login, and waits until it ends. */
    run(command: readonly string[], cwd = this.home, env: Record<string, string> = {}): Promise<Outcome> {
        const as = ["--reuid", this.name, "--regid", this.name, "--init-groups", "--inh-caps=-all", "--"];
        // The lab builds nothing again with the Go by which it was built.
        const go = which("go");
        const PATH = [dirname(process.execPath), ...(go ? [dirname(go)] : []), "/usr/local/bin:/usr/bin:/bin"];
        const options = {
            cwd,
            env: { HOME: this.home, USER: this.name, LANG: "C.UTF-8", PATH: PATH.join(delimiter), ...env },
            encoding: "utf8" as const,
            maxBuffer: 2 ** 26,
        };
        return new Promise((resolve) => {
            const child = execFile("setpriv", [...as, ...command], options, (error, stdout, stderr) =>
                resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
            );
            child.stdin?.end();
        });
    }
}

function removeUser(name: string): void {
    try {
        execFileSync("userdel", ["--force", name], { stdio: "ignore" });
    } catch {
        // There is none.
    }
}

/** Makes users in a directory of their own that they can all enter; what a killed run has left of them is removed. */
export async function makeUsers<Name extends string>(
    dir: string,
    wanted: Readonly<Record<Name, { ids: boolean }>>,
    suffix: string,
): Promise<Record<Name, MachineUser>> {
    await ensurePackages({ useradd: "passwd", newuidmap: "uidmap" }, console.log);
    chmodSync(dir, 0o755);
    const made = Object.entries<{ ids: boolean }>(wanted).map(([name, { ids }]) => {
        const full = `${name}-${suffix}`;
        removeUser(full);
        return [name, new MachineUser(full, join(dir, name), ids)] as const;
    });
    return Object.fromEntries(made) as Record<Name, MachineUser>;
}

/** Copies a directory for a user, as its own. */
export function copyFor(user: MachineUser, from: string, to: string): void {
    if (!existsSync(from)) return;
    mkdirSync(dirname(to), { recursive: true });
    execFileSync("cp", ["--recursive", "--reflink=auto", from, to]);
    execFileSync("chown", ["--recursive", "--no-dereference", `${user.name}:`, user.home]);
}
