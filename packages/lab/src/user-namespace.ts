import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { delimiter } from "node:path";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { ensurePrograms, SYSTEM_DIRS } from "./build/system";
import { inNetns } from "./control-plane/netns";
import { isAlive, type ProcessRecord, readRecord, readRecords } from "./control-plane/processes";
import { SUPERVISOR } from "./control-plane/status";
import type { LabPlace } from "./place";
import { run } from "./run";

/**
 * A lab of an ordinary user is that of root in a user namespace: this user is root there, users such as Istio's 1337
 * are of the user's subordinate range, and all that root's lab makes (namespaces, mounts, rules) is made there. It
 * lasts for as long as a process of the lab.
 */

const isRoot = () => process.geteuid?.() === 0;

/** Users besides root that the pods' processes have, and groups. */
const SUBORDINATE_IDS = 65_535;

/** Makes a `/run` of its own, with what the machine's holds: `ip netns` and iptables write there. */
const PREPARE = `set -e
new=$(mktemp -d)
mount -n -t tmpfs -o mode=755 lab "$new"
for entry in /run/*; do
    to=$new/\${entry#/run/}
    if [ "$entry" = /run/netns ]; then continue
    elif [ -L "$entry" ]; then cp -P "$entry" "$to"
    elif [ -d "$entry" ]; then mkdir "$to"; mount -n --rbind "$entry" "$to"
    elif [ -e "$entry" ]; then : > "$to"; mount -n --bind "$entry" "$to"
    fi
done
mount -n --move "$new" /run
rmdir "$new"
exec "$@"`;

const NEW_NAMESPACE = [
    ...["unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--propagation", "slave", "--"],
    ...["sh", "-c", PREPARE, "sh"],
] as const;

const enter = ({ pid }: ProcessRecord, namespaces: readonly string[], cwd: string) => [
    "nsenter",
    `--target=${pid}`,
    "--user",
    "--preserve-credentials",
    ...namespaces,
    // Or it is the root directory.
    `--wdns=${cwd}`,
    "--",
];

/** A command that is to run as the lab's root, with its environment; undefined for root, who is that already. */
export async function asLabRoot(
    place: LabPlace,
    command: readonly string[],
): Promise<{ command: [string, ...string[]]; env: NodeJS.ProcessEnv } | undefined> {
    if (isRoot()) return undefined;
    const env = { ...process.env, PATH: [process.env.PATH, ...SYSTEM_DIRS].filter(Boolean).join(delimiter) };
    // Where the supervisor has been killed, what it has left keeps the namespace.
    const alive = [readRecord(place.run, SUPERVISOR), ...readRecords(place.run)].find(
        (record) => record !== undefined && isAlive(record),
    );
    if (!alive) await checkUserNamespace(env);
    const prefix = alive ? enter(alive, ["--mount"], process.cwd()) : NEW_NAMESPACE;
    return { command: [...prefix, ...command] as [string, ...string[]], env };
}

/**
 * A command line that runs another in the network of a lab that runs, from anywhere on the machine. It becomes the
 * command, so that its pid is the command's.
 * @param cwd the directory in which it runs
 * @throws UserError if the lab does not run
 */
export function inLab(place: LabPlace, command: readonly string[], cwd = process.cwd()): [string, ...string[]] {
    if (isRoot()) return inNetns(place.netns, command);
    const supervisor = readRecord(place.run, SUPERVISOR);
    if (!supervisor || !isAlive(supervisor)) throw new UserError(notRunning(place));
    return [...enter(supervisor, ["--mount", "--net"], cwd), ...command] as [string, ...string[]];
}

export const notRunning = ({ name }: LabPlace) =>
    `The lab ${name} does not run, so nothing can be run in it: start it first (npm run lab -- start).`;

/** What the checks of an ordinary user's rights look at; others in tests. */
export interface Machine {
    /** A file's text, or undefined if it cannot be read. */
    readonly read: (file: string) => string | undefined;
    /** Makes a user namespace as the lab does. */
    readonly tryNamespace: () => Promise<unknown>;
    readonly user: { readonly username: string; readonly uid: number };
}

async function checkUserNamespace(env: NodeJS.ProcessEnv): Promise<void> {
    await ensurePrograms(() => undefined);
    await checkMachine({
        read: (file) => {
            try {
                return readFileSync(file, "utf8");
            } catch {
                return undefined;
            }
        },
        tryNamespace: () => run([...NEW_NAMESPACE, "true"], { env }),
        user: { username: username(), uid: process.geteuid?.() ?? 0 },
    });
}

function username(): string {
    try {
        return userInfo().username;
    } catch {
        // One that the system knows by number alone.
        return String(process.geteuid?.());
    }
}

/** Settings of the kernel that forbid a user namespace, and the value by which they allow it. */
const FORBIDDING = [
    { setting: "user.max_user_namespaces", forbids: "0", allows: "15000" },
    { setting: "kernel.unprivileged_userns_clone", forbids: "0", allows: "1" },
    { setting: "kernel.apparmor_restrict_unprivileged_userns", forbids: "1", allows: "0" },
] as const;

/** Where the ids are listed that a user may have besides its own. */
const RANGES = ["/etc/subuid", "/etc/subgid"] as const;

const NEEDS_NAMESPACE = "Without root the lab needs a user namespace, which";
const OR_AS_ROOT = ", or run the same command as root";

/**
 * Finds out why an ordinary user's lab cannot be.
 * @throws UserError with what root can do about it
 */
export async function checkMachine({ read, tryNamespace, user }: Machine): Promise<void> {
    const failure = await tryNamespace().then(() => undefined, reasonOf);
    const found = FORBIDDING.find(
        ({ setting, forbids }) => read(`/proc/sys/${setting.replaceAll(".", "/")}`)?.trim() === forbids,
    );
    if (failure !== undefined && found)
        throw new UserError(
            `${NEEDS_NAMESPACE} this machine does not allow (${found.setting} is ${found.forbids}): allow it as root ` +
                `(sysctl -w ${found.setting}=${found.allows})${OR_AS_ROOT}.`,
        );
    const without = RANGES.filter((file) => !hasRange(read(file) ?? "", user));
    if (without.length > 0) {
        const first = firstFree(RANGES.map((file) => read(file)));
        const range = `${first}-${first + SUBORDINATE_IDS - 1}`;
        throw new UserError(
            `The user ${user.username} has no range of ${SUBORDINATE_IDS} ids as the first in ${without.join(" and ")}, ` +
                "of which the lab's pods get their users: give it one as root " +
                `(usermod --add-subuids ${range} --add-subgids ${range} ${user.username})${OR_AS_ROOT}.`,
        );
    }
    if (failure?.includes("--map-auto"))
        throw new UserError(`${NEEDS_NAMESPACE} the unshare of util-linux 2.38 makes: install that${OR_AS_ROOT}.`);
    if (failure !== undefined)
        throw new UserError(`${NEEDS_NAMESPACE} cannot be made here (${failure}): allow it as root${OR_AS_ROOT}.`);
}

/** Ranges in a file such as /etc/subuid, whose lines are `<name or id>:<first>:<count>`. */
const rangesIn = (text: string) =>
    text.split("\n").map((line) => {
        const [owner = "", first, count] = line.split(":");
        return { owner, first: Number(first), count: Number(count) };
    });

/** unshare takes the first one alone. */
function hasRange(text: string, { username, uid }: Machine["user"]): boolean {
    const own = rangesIn(text).find(({ owner }) => owner === username || owner === String(uid));
    return own !== undefined && own.count >= SUBORDINATE_IDS;
}

/** The first id behind all ranges. */
function firstFree(texts: readonly (string | undefined)[]): number {
    const ends = texts.flatMap((text) => rangesIn(text ?? "")).map(({ first, count }) => first + count);
    return Math.max(100_000, ...ends.filter((end) => !Number.isNaN(end)));
}
