import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { proxyMode } from "../control-plane/proxy-mode";
import { type Report, run } from "../run";

/** Programs of the system that the lab calls, and their Debian packages. */
const PROGRAMS: Readonly<Record<string, string>> = {
    ip: "iproute2",
    iptables: "iptables",
    nsenter: "util-linux",
    unshare: "util-linux",
    mount: "mount",
    chroot: "coreutils",
    openssl: "openssl",
};

/** Where system programs are, besides PATH: Debian's users do not have sbin on it. */
export const SYSTEM_DIRS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** File of a program: on PATH or in a system directory, or itself if it is a path; undefined if it cannot be run. */
export function which(program: string, path = process.env.PATH ?? ""): string | undefined {
    const files = program.includes("/")
        ? [program]
        : [...path.split(delimiter), ...SYSTEM_DIRS].map((dir) => join(dir || ".", program));
    for (const file of files) {
        try {
            accessSync(file, constants.X_OK);
            return file;
        } catch {
            continue;
        }
    }
    return undefined;
}

/** By these an ordinary user's lab gets more than one user. */
const OF_USER_NAMESPACES = { newuidmap: "uidmap", newgidmap: "uidmap" };

/**
 * Checks that this is Linux, and that the system has the programs that the lab calls; installs them where this user
 * may.
 * @throws UserError naming what is missing.
 */
export async function ensurePrograms(report: Report): Promise<void> {
    if (process.platform !== "linux")
        throw new UserError(`The lab needs Linux, not ${process.platform}: it runs in a network namespace.`);
    const programs = { ...PROGRAMS };
    if (proxyMode(process.env) === "nftables") programs.nft = "nftables";
    if (process.geteuid?.() !== 0) Object.assign(programs, OF_USER_NAMESPACES);
    await ensurePackages(programs, report);
}

/** {@link ensurePrograms}, for root, and checks that the kernel has the devices that pods need. */
export async function ensureSystem(report: Report): Promise<void> {
    await ensurePrograms(report);
    await run(VETH).catch((error: unknown) => {
        throw new UserError(
            `This machine makes no veth devices (${reasonOf(error)}): each pod that runs in the lab, istiod's too, ` +
                "has a network of its own by them; use a machine or container whose kernel has them.",
        );
    });
}

/** Makes a pair in a network namespace that ends with the command. */
const VETH = ["unshare", "--net", "--", "ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1"];

/** @param programs names of programs and the Debian packages that hold them. */
export async function ensurePackages(programs: Readonly<Record<string, string>>, report: Report): Promise<void> {
    const missing = Object.keys(programs).filter((program) => which(program) === undefined);
    if (missing.length === 0) return;
    const packages = [...new Set(missing.map((program) => programs[program] ?? program))];
    const wanted = `${missing.join(", ")} (Debian: ${packages.join(", ")})`;
    if (which("apt-get") === undefined)
        throw new UserError(`This system lacks ${wanted}: install what is missing, then run the same command again.`);
    await installPackages(packages, wanted, report);
}

/** What apt writes; the root of a user namespace may not. */
const INSTALLED = "/var/lib/dpkg";

/** @param wanted what is in the packages, for the message where they cannot be installed. */
export async function installPackages(packages: readonly string[], wanted: string, report: Report): Promise<void> {
    try {
        accessSync(INSTALLED, constants.W_OK);
    } catch {
        throw new UserError(
            `This system lacks ${wanted}, which only root can install ` +
                `(apt-get install --yes ${packages.join(" ")}): have it installed, then run the same command again.`,
        );
    }
    report(`installing ${packages.join(", ")}`);
    const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...packages] as const;
    const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, onLine: report };
    try {
        await run(install, options);
    } catch {
        // The package lists of a fresh machine are empty or old.
        try {
            await run(["apt-get", "update"], options);
            await run(install, options);
        } catch (error) {
            throw new UserError(
                `${wanted} could not be installed by apt-get (${reasonOf(error)}): ` +
                    "install what is missing, then run the same command again.",
            );
        }
    }
}
