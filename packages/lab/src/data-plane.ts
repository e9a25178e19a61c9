import { join } from "node:path";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { ensureEnvoy, ensureWorkloads } from "./build";
import type { LabPlace } from "./place";
import { type Report, run } from "./run";

/** Whether sidecars, gateways and workloads run in the lab, and if not, why. */
export interface DataPlane {
    readonly on: boolean;
    readonly reason?: string;
    /** Programs by name, and the workloads' directory, where it is on. */
    readonly envoy?: string;
    readonly workloads?: string;
}

/** Something of the machine, and a command that fails where it is missing. */
export interface Need {
    readonly what: string;
    readonly command: readonly string[];
}

const REDIRECT = "iptables --table nat --append OUTPUT --protocol tcp --jump REDIRECT --to-ports 15001".split(" ");

/** What pods with sidecars need, each tried out where it leaves no trace. */
export const NEEDS: readonly Need[] = [
    {
        what: "bind mounts in a mount namespace",
        command: ["unshare", "--mount", "--propagation", "private", "--", "mount", "--bind", "/usr", "/usr"],
    },
    {
        what: "iptables' NAT table in a network namespace",
        command: ["unshare", "--net", "--", "iptables", "--table", "nat", "--list-rules"],
    },
    {
        what: "iptables' REDIRECT target",
        command: ["unshare", "--net", "--", ...REDIRECT],
    },
];

/**
 * Whether LAB_DATA_PLANE asks for a data plane, as it does unless it is set.
 * @throws UserError if it is neither `on` nor `off`
 */
export function wantsDataPlane(env: NodeJS.ProcessEnv = process.env): boolean {
    const wish = env.LAB_DATA_PLANE || "on";
    if (wish !== "on" && wish !== "off")
        throw new UserError(
            `LAB_DATA_PLANE is ${JSON.stringify(wish)}: ` +
                "allowed are on (sidecars, gateways and Bookinfo run) and off (the control plane only).",
        );
    return wish === "on";
}

/**
 * Decides whether the data plane runs: LAB_DATA_PLANE=off says no, and a machine that lacks something gets the control
 * plane only.
 */
export async function chooseDataPlane(
    place: LabPlace,
    report: Report,
    env: NodeJS.ProcessEnv = process.env,
    needs: readonly Need[] = NEEDS,
): Promise<DataPlane> {
    if (!wantsDataPlane(env)) return { on: false, reason: "LAB_DATA_PLANE is off" };
    for (const { what, command } of needs) {
        try {
            await run(command);
        } catch (error) {
            return { on: false, reason: `this machine has no ${what} (${reasonOf(error)})` };
        }
    }
    try {
        return {
            on: true,
            envoy: await ensureEnvoy(place.cache, report),
            workloads: await ensureWorkloads(join(__dirname, "workloads"), place.cache),
        };
    } catch (error) {
        return { on: false, reason: `there is no Envoy for it (${reasonOf(error)})` };
    }
}
