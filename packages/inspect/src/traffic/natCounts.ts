import { UserError } from "@istio-on-pulumi/kube";
import { type Finding, note } from "../finding";
import { addressesOf, versionOf } from "../mesh/pods";
import { parseHostPort, parseSave, readNat, type SavedRules, servicePortName } from "../nat";
import { readNodeRules, type RuleSource } from "../rules";
import type { ClusterSnapshot } from "../snapshot/snapshot";
import { type CountedStep, countersBetween, type NatCounters, readCounters } from "./counters";
import type { Target } from "./target";

/** What a node's NAT rules counted while requests were sent. */
export type NatCount =
    | {
          readonly counted: true;
          /** What the rules are, such as `the rules of this machine`. */
          readonly source: string;
          readonly node?: string;
          /** `namespace/service:port`. */
          readonly servicePort: string;
          readonly nodePort: number;
          /** From KUBE-NODEPORTS to the endpoints; the pod is that of an endpoint's address. */
          readonly steps: readonly (CountedStep & { readonly pod?: string; readonly version?: string })[];
      }
    /** Why not, as a sentence. */
    | { readonly counted: false; readonly why: string };

/** One reading of the counters; or why there is none. */
export type CountersReading =
    { readonly counters: NatCounters; readonly source: string; readonly node?: string } | { readonly why: string };

/**
 * Reads the counters of the target's node port from a node's rules. Where they cannot be read, it says why; it never
 * throws an UserError.
 */
export async function readNatCounters(
    snapshot: ClusterSnapshot,
    rules: RuleSource | undefined,
    node: string | undefined,
    target: Target,
): Promise<CountersReading> {
    if (!target.nodePort)
        return {
            why:
                `The port of ${target.url} is no node port, so the NAT rules of a node port do not count these ` +
                "requests.",
        };
    if (rules?.kind === "file")
        return {
            why: "Saved rules count nothing any more: run this on a node, or read a node's rules with --ssh <host>.",
        };
    const { service, portName, port } = target.nodePort;
    const name = servicePortName(service.namespace, service.name, portName);
    try {
        const read = await readNodeRules(snapshot, rules ?? { kind: "local" }, node);
        const saved = parseSave(read.text, read.source);
        const counters = readCounters(saved, name, port);
        if (!counters) return { why: `What was read (${read.source}) holds no counters.` };
        if (counters.size === 0) return { why: whyUncounted(saved, `node port ${port} of ${name}`, read.source) };
        return { counters, source: read.source, ...(read.node !== undefined && { node: read.node }) };
    } catch (error) {
        if (error instanceof UserError) return { why: error.message };
        throw error;
    }
}

function whyUncounted(saved: SavedRules, nodePort: string, source: string): string {
    const { models, server } = readNat(saved);
    if (models.some(({ mode }) => mode === "nftables"))
        return `kube-proxy is in nftables mode by ${source}, and gives its rules no counters there.`;
    if (server) return `${server.name} serves Services by ${source}, which count none of their connections.`;
    return `No rule for the ${nodePort} is among ${source}.`;
}

/** What was counted between two readings. */
export function describeNatCount(
    before: CountersReading,
    after: CountersReading,
    target: Target,
    snapshot: ClusterSnapshot,
): NatCount {
    if ("why" in before) return { counted: false, why: before.why };
    if ("why" in after) return { counted: false, why: after.why };
    const steps = countersBetween(before.counters, after.counters);
    if (!steps)
        return {
            counted: false,
            why:
                `kube-proxy wrote ${before.source} anew while the requests were sent, which sets counters back; run ` +
                "this again.",
        };
    const { service, portName, port } = target.nodePort!;
    return {
        counted: true,
        source: before.source,
        ...(before.node !== undefined && { node: before.node }),
        servicePort: servicePortName(service.namespace, service.name, portName),
        nodePort: port,
        steps: steps.map((step) => {
            const address = step.step === "endpoint" ? parseHostPort(step.to)?.address : undefined;
            const pods =
                address === undefined
                    ? []
                    : snapshot.pods.filter((pod) => addressesOf(pod).includes(address) && !pod.spec?.hostNetwork);
            const version = pods[0] && versionOf(pods[0]);
            return {
                ...step,
                ...(pods[0] && { pod: pods[0].metadata?.name ?? "" }),
                ...(version !== undefined && { version }),
            };
        }),
    };
}

/** Answers that came though this node's rules counted nothing came another way. */
export function checkNatCount(nat: NatCount, answered: number, { url, node }: Target): Finding[] {
    if (!nat.counted || answered === 0 || nat.steps.some(({ connections }) => connections > 0)) return [];
    const other =
        nat.node !== undefined && node !== undefined && node !== nat.node
            ? `they went to the node ${node}`
            : "they came another way, such as by another node or a proxy in between";
    return [
        note(
            "traffic/nat-silent",
            nat.servicePort,
            `${answered === 1 ? "1 request" : `${answered} requests`} to ${url} had an answer, but ${nat.source} ` +
                `counted no new connection to node port ${nat.nodePort}: ${other}.`,
        ),
    ];
}
