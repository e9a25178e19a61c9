import { setTimeout as wait } from "node:timers/promises";
import { UserError } from "@istio-on-pulumi/kube";
import { choosePods, chooseService } from "./choose";
import {
    type Check,
    check,
    checkBefore,
    checkMesh,
    checkNat,
    reachRegistries,
    readPrerequisites,
    skipped,
} from "./doctor";
import { checkEndpoints, type EndpointReport, makeAsker, parseOutputs } from "./endpoints";
import { type Finding, problem, problemsOf, sortFindings } from "./finding";
import { inspectScope, refusal } from "./inspectScope";
import { type JoinedServices, joinServices } from "./join";
import { inspectProxy, type ProxyReport } from "./mesh/proxy";
import { findScope, type Scope } from "./mesh/scope";
import { describeTopology } from "./mesh/topology";
import { type NatReading, parseSave, readNat } from "./nat";
import type { MeshReport, NatReport, Section } from "./report";
import { readNodeRules, readRules, type RuleSource, type RuleText } from "./rules";
import { connect, type Connection } from "./snapshot/connect";
import { readCluster } from "./snapshot/read";
import { type ClusterSnapshot, keyOf } from "./snapshot/snapshot";
import { sendTraffic, TRAFFIC_DEFAULTS, type TrafficOptions } from "./traffic";

export interface InspectOptions {
    /** Path of the kubeconfig, or its text; the default is the user's own. */
    readonly kubeconfig?: string;
    /** Its context; the default is the current one. */
    readonly context?: string;
    /** Namespaces to look at; by default those of the mesh. */
    readonly namespaces?: readonly string[];
    readonly allNamespaces?: boolean;
    /** What to look at; `doctor` is all of it but `traffic`, and what an install needs. */
    readonly sections: readonly Section[];
    /** For `proxy`: a pod's name, the start of one, or `namespace/name`; by default all with a proxy. */
    readonly pod?: string;
    /** For `nat`: a Service's name, `namespace/name`, or either with `:port`; by default all. */
    readonly service?: string;
    /** Where a node's rules come from; by default this machine, where it is a node. */
    readonly rules?: RuleSource;
    /** The node that the rules are of, where neither names nor addresses show it. */
    readonly node?: string;
    /** The stack's outputs as JSON, and what they are for messages. */
    readonly outputs?: { readonly text: string; readonly source: string };
    /** Whether to ask endpoints and registries over the network; on by default. */
    readonly ask?: boolean;
    /** Node ports that an install is to use. */
    readonly nodePorts?: readonly number[];
    /** For `traffic`: what is sent. */
    readonly traffic?: Partial<TrafficOptions>;
}

/** After a change, kube-proxy and the EndpointSlices need a moment to agree; in milliseconds. */
const SETTLE = 2_500;
const THIS_MACHINE: RuleSource = { kind: "local" };
const UNSETTLED = /^nat\/(stale|missing|refused)/;

/**
 * Inspects a mesh: reads the cluster and a node's rules, changes nothing. The section `traffic` alone sends requests.
 *
 * @throws UserError where the cluster, the rules or the outputs cannot be read, or what was named does not exist
 */
export async function inspectMesh(options: InspectOptions): Promise<MeshReport> {
    const described = options.outputs && parseOutputs(options.outputs.text, options.outputs.source);
    const includes = (section: Section) => options.sections.includes(section) || options.sections.includes("doctor");
    const connection = await connect(options);
    // Beside the cluster: with many Services each of the two takes long. What fails is told where it is awaited.
    const ruleText = includes("nat") ? readRules(options.rules ?? THIS_MACHINE) : undefined;
    ruleText?.catch(() => undefined);
    const { snapshot, refused } = await readCluster(connection);
    const scope = findScope(snapshot, options.namespaces, options.allNamespaces);
    const findings: Finding[] = refused.map(refusal);

    const inspected = includes("injection")
        ? await inspectScope(connection, snapshot, scope, options.allNamespaces)
        : undefined;
    const injection = inspected?.injection;
    const proxies = includes("proxy")
        ? choosePods(snapshot, scope, options.pod)
              .map(explainProxy(options.pod !== undefined))
              .filter((report) => report !== undefined)
        : undefined;
    const rules = ruleText && (await inspectNat(connection, snapshot, scope, options, ruleText));
    const nat = rules && "reading" in rules ? rules : undefined;
    let endpoints: EndpointReport[] | undefined;
    if (includes("endpoints") && described) {
        const asker =
            options.ask === false
                ? () => Promise.resolve({ state: "not asked", text: "left out by --no-ask" } as const)
                : makeAsker(connection.client);
        const checked = await checkEndpoints(described, snapshot, asker);
        endpoints = checked.endpoints;
        findings.push(...checked.findings);
    }
    // Load is for those who ask for it by name.
    const traffic = options.sections.includes("traffic")
        ? await sendTraffic(
              { connection, snapshot, scope, described, rules: options.rules, node: options.node },
              { ...TRAFFIC_DEFAULTS, ...options.traffic },
          )
        : undefined;
    findings.push(...(traffic?.findings ?? []));
    if (
        injection &&
        !options.sections.includes("doctor") &&
        injection.controlPlanes.length + injection.injectors.length + scope.injected.size === 0
    ) {
        findings.push(
            problem(
                "injection/no-mesh",
                "istiod",
                "There is no Istio in this cluster: no istiod, no injector and no namespace that asks for " +
                    "sidecars; see what an install needs with: npm run inspect -- doctor",
            ),
        );
    }
    findings.push(
        ...(injection?.findings ?? []),
        ...(inspected?.findings ?? []),
        ...(proxies ?? []).flatMap((proxy) => proxy.findings),
        ...(nat?.traffic.findings ?? []),
    );

    const topology = options.sections.includes("doctor") ? describeTopology(snapshot, scope) : undefined;
    let checks: Check[] | undefined;
    if (topology && inspected && proxies) {
        const hasNodes = snapshot.nodes.some(
            ({ metadata }) => metadata?.annotations?.["kwok.x-k8s.io/node"] !== "fake",
        );
        const before = await readPrerequisites(connection);
        const reached = options.ask !== false && hasNodes ? await reachRegistries() : undefined;
        checks = [
            ...checkBefore(before, snapshot, { nodePorts: options.nodePorts, reached, own: scope.namespaces }),
            ...checkMesh(inspected, proxies, topology),
            ...(nat
                ? checkNat(nat.reading, nat.traffic, nat.source)
                : [
                      skipped(
                          "nat/services",
                          "nat",
                          "KUBE-SERVICES",
                          rules && "why" in rules ? rules.why : "not asked for",
                      ),
                  ]),
            endpointCheck(endpoints, findings),
        ];
        findings.push(...checks.flatMap((each) => each.findings));
    }
    const sorted = sortFindings(findings);
    return {
        at: new Date().toISOString(),
        cluster: { context: connection.context, server: connection.server, version: connection.version },
        namespaces: [...scope.namespaces],
        ...(injection && { injection }),
        ...(proxies && { proxies }),
        ...(nat && { nat: natReport(nat) }),
        ...(endpoints && { endpoints }),
        ...(traffic && { traffic: traffic.report }),
        ...(topology && { topology }),
        ...(checks && { checks }),
        findings: sorted,
        ok: problemsOf(sorted).length === 0,
    };
}

/** Without a name all proxies are explained; a pod that was named must have one. */
const explainProxy =
    (named: boolean) =>
    (pod: ClusterSnapshot["pods"][number]): ProxyReport | undefined => {
        const report = inspectProxy(pod);
        if (!report && named)
            throw new UserError(
                `The pod ${keyOf(pod)} has no container istio-proxy; see why with: npm run inspect -- injection ` +
                    `-n ${pod.metadata?.namespace}`,
            );
        return report;
    };

interface NatInspection {
    readonly reading: NatReading;
    readonly traffic: JoinedServices;
    readonly source: string;
    readonly node: string | undefined;
}

/** Reads the rules and joins them with the cluster; a second time if a change may have been under way. */
async function inspectNat(
    connection: Connection,
    first: ClusterSnapshot,
    scope: Scope,
    options: InspectOptions,
    ruleText: Promise<RuleText>,
): Promise<NatInspection | { readonly why: string }> {
    const rules = options.rules ?? THIS_MACHINE;
    const look = async (snapshot: ClusterSnapshot, begun?: Promise<RuleText>): Promise<NatInspection> => {
        const { text, source, node } = await readNodeRules(snapshot, rules, options.node, begun);
        const reading = readNat(parseSave(text, source));
        return {
            reading,
            traffic: chooseService(
                joinServices(reading, snapshot, { node, namespaces: scope.namespaces, source }),
                options.service,
            ),
            source,
            node,
        };
    };
    try {
        const seen = await look(first, ruleText);
        if (rules.kind === "file" || !seen.traffic.findings.some(({ code }) => UNSETTLED.test(code))) return seen;
        await wait(SETTLE);
        return await look((await readCluster(connection)).snapshot);
    } catch (error) {
        // doctor looks at the rules where it can; only rules that were asked for must be there.
        if (error instanceof UserError && options.rules === undefined && !options.sections.includes("nat"))
            return { why: error.message };
        throw error;
    }
}

function natReport({ reading, traffic, source, node }: NatInspection): NatReport {
    return {
        source,
        ...(node !== undefined && { node }),
        families: reading.models.map(({ family, mode, backend, services, masquerading, hooks, ...others }) => ({
            family,
            mode,
            ...(backend && { backend }),
            services: services.length,
            masquerading,
            hooks,
            unreferenced: others.unreferenced.map(({ name, rules }) => ({
                chain: name,
                rules: rules.map(({ text }) => text),
            })),
            foreign: others.foreign.map(({ table, rule }) => ({ table, chain: rule.chain, text: rule.text })),
        })),
        warnings: reading.warnings,
        unreadable: reading.unreadable,
        paths: traffic.paths,
    };
}

function endpointCheck(endpoints: readonly EndpointReport[] | undefined, findings: readonly Finding[]): Check {
    if (!endpoints)
        return skipped("endpoints/outputs", "endpoints", "Stack outputs", "not given; name them with --outputs <file>");
    const ports = endpoints.flatMap((endpoint) => endpoint.ports);
    const answering = ports.filter(({ answer }) => answer.state === "answers").length;
    const seen =
        `${endpoints.length} endpoints, ${ports.filter(({ ready }) => ready > 0).length} of ${ports.length} ports ` +
        `ready, ${answering} answering`;
    return check(
        "endpoints/outputs",
        "endpoints",
        "Stack outputs",
        seen,
        findings.filter(({ code }) => code.startsWith("endpoint/")),
    );
}
