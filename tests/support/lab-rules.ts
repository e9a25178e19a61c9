import type { Lab } from "./lab";
import { eventually } from "./lab-objects";

const TABLE = ["ip", "kube-proxy"] as const;

/** The mode that the lab's kube-proxy is in. */
export async function proxyModeOf(lab: Lab): Promise<"iptables" | "nftables"> {
    // Where iptables serves, nft may not be installed.
    const { code } = await lab.run(["sh", "-c", `nft list table ${TABLE.join(" ")} >/dev/null 2>&1`]);
    return code === 0 ? "nftables" : "iptables";
}

/** Waits until kube-proxy's rules lead a Service's port `http` to endpoints, or no more. */
export async function untilRulesServe(lab: Lab, service: string, there = true): Promise<void> {
    const mode = await proxyModeOf(lab);
    const command = mode === "nftables" ? ["nft", "list", "table", ...TABLE] : ["iptables-save", "-t", "nat"];
    const served =
        mode === "nftables"
            ? new RegExp(`: goto service-\\S+-${service}/tcp/http\\b`)
            : new RegExp(`${service}:http ->`);
    await eventually(
        () => lab.output(command),
        (rules) => served.test(rules) === there,
        `${there ? "an" : "no"} endpoint of ${service} in the rules`,
    );
}

/** A change of the rules that kube-proxy does not notice: it looks only at what the API server tells. */
interface Tampering {
    /** The chain that spreads the Service's connections. */
    readonly chain: string;
    readonly undo: () => Promise<void>;
}

/** Takes one endpoint of several out of what spreads a Service's connections: another gets its share. */
export async function takeEndpointAway(lab: Lab, service: string): Promise<Tampering> {
    const change = (words: string) => lab.output(["sh", "-c", words]).then(() => undefined);
    if ((await proxyModeOf(lab)) === "iptables") {
        const lines = (await lab.output(["iptables-save", "-t", "nat"])).split("\n");
        const served = new RegExp(`^-A (KUBE-SVC-\\S+) (.*${service}:http ->.* 0\\.50000000000 .*)$`);
        const [line, chain, words] = lines.map((each) => served.exec(each)).find((match) => match !== null)!;
        const number = lines.filter((each) => each.startsWith(`-A ${chain} `)).indexOf(line) + 1;
        await change(`iptables -t nat -D ${chain} ${words}`);
        return { chain: chain!, undo: () => change(`iptables -t nat -I ${chain} ${number} ${words}`) };
    }
    const chains = await lab.output(["nft", "-a", "list", "table", ...TABLE]);
    const served = new RegExp(
        `^\\tchain (service-\\S+-${service}/tcp/http) \\{[^}]*?(numgen [^}]*\\}).* # handle (\\d+)$`,
        "m",
    );
    const [, chain, rule, handle] = served.exec(chains)!;
    const replace = (by: string) => change(`nft 'replace rule ${TABLE.join(" ")} ${chain} handle ${handle} ${by}'`);
    const [, last] = /2 : (goto \S+)/.exec(rule!)!;
    await replace(rule!.replace(/1 : goto [^,]+/, `1 : ${last}`));
    return { chain: chain!, undo: () => replace(rule!) };
}
