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
const SYSTEM_DIRS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

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

/**
 * Checks that this is Linux and root, and that the system has the programs that the lab calls; installs them where apt
 * can.
 * @throws UserError naming what is missing.
 */
export async function ensureSystem(report: Report): Promise<void> {
    if (process.platform !== "linux")
        throw new UserError(`The lab needs Linux, not ${process.platform}: it runs in a network namespace.`);
    if (process.getuid?.() !== 0)
        throw new UserError(
            "The lab needs root, for it makes a network namespace and its rules: run the same command as root.",
        );
    await ensurePackages(proxyMode(process.env) === "nftables" ? { ...PROGRAMS, nft: "nftables" } : PROGRAMS, report);
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
