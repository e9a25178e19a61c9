import { counted, type Finding } from "../finding";
import { type JoinedServices, pathName, percent, type ServicePath } from "../join";
import { CHAINS, formatHostPort, type NatReading } from "../nat";
import { type Check, check, skipped } from "./check";

/** What the walkthrough proves of a node's rules: steps 7 to 10. */
export function checkNat(reading: NatReading, { paths, findings }: JoinedServices, source: string): Check[] {
    if (paths.length === 0)
        return [skipped("nat/services", "nat", "KUBE-SERVICES", "there are no Services to look at")];
    const [model] = reading.models;
    if (!model)
        return [check("nat/services", "nat", "NAT rules", `${source} do not show where Services lead`, findings)];
    const names = CHAINS[model.mode];
    const about = (codes: readonly string[]) => findings.filter(({ code }) => codes.includes(code));
    const entries = [
        "nat/missing-service",
        "nat/refused",
        "nat/missing-node-port",
        "nat/stale-service",
        "nat/no-rules",
        "nat/not-hooked",
        "nat/both-back-ends",
        "nat/both-modes",
        "nat/cut-off",
        "nat/unreadable",
        "nat/no-local-endpoint",
        "nat/affinity",
    ];
    const shares = ["nat/uneven-share", "nat/lost-share"];
    const marks = ["nat/no-masquerade", "nat/older-program"];
    const chains = findings.filter(({ code }) => ![...entries, ...shares, ...marks].includes(code));
    const caught = paths.filter(({ entries: own }) => own.length > 0);
    const several = paths.filter(({ endpoints }) => endpoints.length > 1);
    const endpoints = paths.flatMap((path) => path.endpoints);
    return [
        check(
            "nat/services",
            "nat",
            names.services,
            `${caught.length} of ${paths.length} Service ports caught by ${source}`,
            about(entries),
            caught.map(entryLine),
        ),
        check(
            "nat/chains",
            "nat",
            "Chains to pods",
            `${counted(endpoints.length, "endpoint")}, ${endpoints.filter(({ pod }) => pod).length} found as ` +
                `pods, ${endpoints.filter(({ opens }) => opens).length} at a port that a container declares or a ` +
                "Gateway listens on",
            chains,
            paths.flatMap(endpointLines),
        ),
        check(
            "nat/shares",
            "nat",
            "Shares",
            several.length === 0
                ? "no Service port has several endpoints"
                : `${counted(several.length, "Service port")} with several ` +
                      `endpoints${about(shares).length === 0 ? ", each spread evenly" : ""}`,
            about(shares),
            several.map(shareLine),
        ),
        checkMasquerade(reading, about(marks)),
    ];
}

function entryLine(path: ServicePath): string {
    const entries = path.entries.map(
        ({ kind, address, port, target }) =>
            `${kind} ${address === undefined ? port : formatHostPort({ address, port })} -> ${target}`,
    );
    return `${pathName(path)}: ${entries.join(", ")}`;
}

function endpointLines(path: ServicePath): string[] {
    return path.endpoints.map(({ chain, address, port, pod, opens }) => {
        const where = pod ? `pod ${pod.namespace}/${pod.name}` : "no pod";
        const at =
            opens === undefined
                ? ""
                : "listener" in opens
                  ? `, listener ${opens.listener}`
                  : `, containerPort of ${opens.container}`;
        return `${pathName(path)}: ${chain} -> DNAT ${formatHostPort({ address, port })}, ${where}${at}`;
    });
}

function shareLine(path: ServicePath): string {
    const shares = path.endpoints.map(({ share, probability, drawn, pod, address }) => {
        const chance = drawn ? `${drawn.numbers} of ${drawn.of} numbers` : `probability ${probability}`;
        const of = drawn || probability !== undefined ? ` (${chance})` : "";
        return `${pod?.version ?? pod?.name ?? address} ${percent(share)}${of}`;
    });
    return `${pathName(path)}: ${shares.join(", ")}`;
}

function checkMasquerade({ models }: NatReading, findings: readonly Finding[]): Check {
    const seen = models.map(({ family, masquerading: { mark, applied, unseen } }) => {
        const marks = mark === undefined ? "sets no mark" : `MARK or ${mark}`;
        const outcome = applied ? "masqueraded" : unseen ? "whether masqueraded cannot be told" : "not masqueraded";
        return `${family} ${marks}, ${outcome}`;
    });
    return check("nat/masquerade", "nat", CHAINS[models[0]!.mode].mark, seen.join("; "), findings);
}
