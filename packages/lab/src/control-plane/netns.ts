import { execFile, type ExecFileException } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import type { LabPlace } from "../place";
import { NODE_IP, POD_CIDR, SERVICE_CIDR, SIMULATED_POD_CIDR } from "./addresses";

const run = promisify(execFile);
/** Where `ip netns` keeps them. */
export const NETNS_DIR = "/run/netns";

/** File that stands for a network namespace. */
export const netnsFile = (netns: string) => `${NETNS_DIR}/${netns}`;

/**
 * A command line that runs another in a network namespace. `nsenter` keeps the mount namespace, so that namespaces made
 * inside are seen outside, and replaces itself, so that its pid is the command's.
 */
export function inNetns(netns: string, command: readonly string[]): [string, ...string[]] {
    return ["nsenter", `--net=${netnsFile(netns)}`, "--", ...command];
}

/** Runs `ip` in this process's namespace, or in a named one; returns what it printed. */
export async function ip(args: readonly string[], netns?: string): Promise<string> {
    const [program, ...rest] = netns === undefined ? ["ip", ...args] : inNetns(netns, ["ip", ...args]);
    try {
        return (await run(program, rest)).stdout;
    } catch (error) {
        const { stderr } = error as ExecFileException & { stderr?: string };
        throw new Error(`ip ${args.join(" ")}: ${stderr?.trim() || String(error)}`);
    }
}

/**
 * Makes the lab's namespace if it is missing, with the node's address and the routes of its pods and Services.
 *
 * `ip netns add` would have to go back to the machine's, which the root of a user namespace may not.
 */
export async function createLabNetns(place: LabPlace): Promise<void> {
    if (!existsSync(netnsFile(place.netns))) {
        await run("unshare", ["--net", "--", "sh", "-c", 'ip netns attach "$1" "$$"', "sh", place.netns]).catch(
            (error) => {
                throw new UserError(
                    `The network namespace ${place.netns} could not be made (${reasonOf(error)}): ` +
                        "the lab needs a machine or container in which its user may make network namespaces.",
                );
            },
        );
    }
    await ip(["link", "set", "lo", "up"], place.netns);
    await ip(["address", "replace", `${NODE_IP}/32`, "dev", "lo"], place.netns);
    // A Service address needs some route, or connect fails before kube-proxy's rules translate it.
    await ip(["route", "replace", SERVICE_CIDR, "dev", "lo", "src", NODE_IP], place.netns);
    // A pod that is no process refuses at once instead of timing out, also behind a node port: its address is the
    // lab's own, where nobody listens. One that is a process gets a /32 route, which goes before these two.
    const simulated = ["local", SIMULATED_POD_CIDR, "dev", "lo", "table", "main", "src", NODE_IP];
    await ip(["route", "replace", ...simulated], place.netns);
    await ip(["route", "replace", "unreachable", POD_CIDR], place.netns);
    const [program, ...args] = inNetns(place.netns, ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    await run(program, args);
}

/** Prefix of the namespaces of a lab's pods; no lab's name holds a dot, so that it is no other lab's. */
export const podNetnsPrefix = (netns: string) => `${netns}.pod-`;

/** Removes the lab's namespace and those of its pods; processes in them must have ended. */
export async function deleteLabNetns(netns: string): Promise<void> {
    const all = await readdir(NETNS_DIR).catch((): string[] => []);
    for (const name of all) {
        if (name === netns || name.startsWith(podNetnsPrefix(netns))) await ip(["netns", "delete", name]);
    }
}
