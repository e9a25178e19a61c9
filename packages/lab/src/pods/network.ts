import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { NODE_IP, POD_GATEWAY, REAL_POD_NET } from "../control-plane/addresses";
import { inNetns, ip, netnsFile, podNetnsPrefix } from "../control-plane/netns";

const run = promisify(execFile);

/** Hands out addresses of the pods that are processes; one that was given back is used again as late as possible. */
export class PodAddresses {
    private readonly used = new Set<string>();
    private next = 0;

    /** Keeps an address that a pod has already; false if it is none of these or another pod has it. */
    keep(address: string): boolean {
        const [a, b, third, fourth] = address.split(".");
        const inRange =
            `${a}.${b}` === REAL_POD_NET.prefix &&
            Number(third) >= REAL_POD_NET.thirdFrom &&
            Number(third) <= REAL_POD_NET.thirdTo &&
            Number(fourth) >= 1 &&
            Number(fourth) <= 254;
        if (!inRange || this.used.has(address)) return false;
        this.used.add(address);
        return true;
    }

    /** @throws Error if all addresses are taken. */
    take(): string {
        const { prefix, thirdFrom, thirdTo } = REAL_POD_NET;
        const size = (thirdTo - thirdFrom + 1) * 254;
        for (let tried = 0; tried < size; tried += 1) {
            const index = this.next;
            this.next = (this.next + 1) % size;
            const address = `${prefix}.${thirdFrom + Math.floor(index / 254)}.${1 + (index % 254)}`;
            if (this.keep(address)) return address;
        }
        throw new Error(`all ${size} pod addresses are taken`);
    }

    giveBack(address: string): void {
        this.used.delete(address);
    }
}

/** Name of a pod's network namespace, from the pod's UID: names and addresses come again, UIDs do not. */
export const podNetns = (labNetns: string, uid: string) => `${podNetnsPrefix(labNetns)}${uid.slice(0, 13)}`;

/** Name of the lab's end of a pod's veth pair; at most 15 bytes. */
const vethName = (uid: string) => `pod${uid.replaceAll("-", "").slice(0, 12)}`;

/** Gives a pod its network namespace: its address on `eth0`, all else through the lab's, in which this runs. */
export async function createPodNetwork(labNetns: string, uid: string, address: string): Promise<void> {
    await deletePodNetwork(labNetns, uid);
    const netns = podNetns(labNetns, uid);
    const veth = vethName(uid);
    await ip(["netns", "add", netns]);
    await ip(["link", "set", "lo", "up"], netns);
    await ip(["link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", netns]);
    await ip(["address", "add", `${POD_GATEWAY}/32`, "dev", veth]);
    // The second address: istioctl looks for the node's own on every interface but lo, and fails where it finds none.
    await ip(["address", "add", `${NODE_IP}/32`, "dev", veth]);
    await ip(["link", "set", veth, "up"]);
    await ip(["route", "replace", `${address}/32`, "dev", veth, "src", NODE_IP]);
    await ip(["address", "add", `${address}/32`, "dev", "eth0"], netns);
    await ip(["link", "set", "eth0", "up"], netns);
    await ip(["route", "add", POD_GATEWAY, "dev", "eth0", "scope", "link"], netns);
    await ip(["route", "add", "default", "via", POD_GATEWAY], netns);
}

/**
 * Sets the kernel settings that a pod asks for, in its network namespace.
 * @throws Error for one that is not the network's
 */
export async function setSysctls(
    netns: string,
    sysctls: readonly { readonly name: string; readonly value: string }[],
): Promise<void> {
    for (const { name, value } of sysctls) {
        if (!/^net\.[a-z0-9_.]+$/.test(name))
            throw new Error(`the kernel setting "${name}" is none of a pod's network (net.*)`);
        const [program, ...args] = inNetns(netns, [
            "sh",
            "-c",
            'printf %s "$2" > "$1"',
            "sh",
            `/proc/sys/${name.replaceAll(".", "/")}`,
            value,
        ]);
        await run(program, args);
    }
}

/** Removes the namespace, and with it the veth pair and the route. */
export async function deletePodNetwork(labNetns: string, uid: string): Promise<void> {
    const netns = podNetns(labNetns, uid);
    if (existsSync(netnsFile(netns))) await ip(["netns", "delete", netns]);
}
