import { counted, type Finding, listed, problem } from "../finding";
import type { ScopeInspection } from "../inspectScope";
import type { InjectionReport } from "../mesh/injection";
import { CONTROL_PLANE_CODES } from "../mesh/injectors";
import type { ProxyReport } from "../mesh/proxy";
import type { Topology, TopologyGateway } from "../mesh/topology";
import { MISSING_PODS } from "../mesh/workloads";
import { type Check, check, skipped } from "./check";

/**
 * What the walkthrough proves of the mesh: injection (step 4), the gateway (5 and 6), istio-init and istio-proxy (11
 * and 12).
 */
export function checkMesh(
    { injection, workloads, findings }: ScopeInspection,
    proxies: readonly ProxyReport[],
    topology: Topology,
): Check[] {
    return [
        checkControlPlanes(injection),
        checkInjection(injection),
        ...checkWorkloads(workloads, findings),
        ...checkNeighbours(findings),
        ...checkGateways(topology),
        checkInit(proxies),
        checkProxies(proxies),
    ];
}

function checkControlPlanes({ controlPlanes, injectors, findings }: InjectionReport): Check {
    if (controlPlanes.length === 0 && injectors.length === 0)
        return skipped("mesh/control-plane", "mesh", "Control plane", "no Istio is installed");
    const seen = controlPlanes.map(
        ({ namespace, name, version, ready }) =>
            `${namespace}/${name} ${version ?? "of unknown version"}${ready ? ", ready" : ", not ready"}`,
    );
    const about = findings.filter(({ code }) => CONTROL_PLANE_CODES.has(code));
    const trusted = injectors.filter((injector) => injector.trusted).length;
    return check(
        "mesh/control-plane",
        "mesh",
        "Control plane",
        `${listed(seen)}; ${counted(trusted, "injector")} trusted by the API server`,
        about,
        injectors.map(({ name, revision }) => `${name}: revision ${revision}`),
    );
}

function checkInjection({ namespaces, pods, findings }: InjectionReport): Check {
    const expected = namespaces.filter((namespace) => namespace.expected);
    if (expected.length === 0) return skipped("mesh/injection", "mesh", "Injection", "no namespace asks for sidecars");
    const sidecars = pods.filter(({ role }) => role === "sidecar");
    const gateways = pods.filter(({ role }) => role === "gateway");
    const without = pods.filter((pod) => pod.expected && pod.role === "plain");
    const versions = [
        ...new Set([...sidecars, ...gateways].map(({ proxyVersion }) => proxyVersion ?? "of unknown version")),
    ];
    const about = findings.filter(({ code }) => code.startsWith("injection/") && !CONTROL_PLANE_CODES.has(code));
    const seen =
        `${counted(sidecars.length, "pod")} with a sidecar, ` +
        `${counted(gateways.length, "gateway")}${without.length > 0 ? `, ${without.length} without a sidecar` : ""}; ` +
        `proxies ${listed(versions)}`;
    const details = [...sidecars, ...gateways, ...without].map(
        ({ namespace, pod, containers, initContainers, readyContainers, why }) =>
            `${namespace}/${pod}: ${[...initContainers, ...containers].map(({ name }) => name).join(", ")}; ` +
            `${readyContainers} ready${why === undefined ? "" : `; no sidecar: ${why}`}`,
    );
    return check("mesh/injection", "mesh", "Injection", seen, about, details);
}

function checkWorkloads(workloads: number, findings: readonly Finding[]): Check[] {
    if (workloads === 0) return [];
    const about = findings.filter(({ code }) => code.startsWith("workload/"));
    const short = about.filter(({ code }) => code === MISSING_PODS).length;
    const seen = `${counted(workloads, "workload")}, ${short === 0 ? "none" : short} short of pods`;
    return [check("mesh/workloads", "mesh", "Workloads", seen, about)];
}

/** What stands beside the mesh is worth a line where there is something to say of it. */
function checkNeighbours(findings: readonly Finding[]): Check[] {
    return ["Cilium", "Kiali"].flatMap((title) => {
        const name = title.toLowerCase();
        const about = findings.filter(({ code }) => code.startsWith(`${name}/`));
        const seen = about.some(({ severity }) => severity === "problem") ? "passes sidecars by" : "open to everybody";
        return about.length === 0 ? [] : [check(`mesh/${name}`, "mesh", title, seen, about)];
    });
}

function checkGateways({ gateways }: Topology): Check[] {
    if (gateways.length === 0) return [skipped("gateway/programmed", "gateway", "Gateways", "there is none")];
    const findings = gateways.flatMap(({ namespace, name, programmed, reason, routes }) => [
        ...(programmed
            ? []
            : [
                  problem(
                      "gateway/not-programmed",
                      `${namespace}/${name}`,
                      `The Gateway ${namespace}/${name} is not programmed: ${reason}; see: kubectl -n ` +
                          `${namespace} describe gateway ${name}`,
                  ),
              ]),
        ...routes
            .filter(({ accepted }) => !accepted)
            .map((route) =>
                problem(
                    "gateway/route",
                    `${route.namespace}/${route.name}`,
                    `The HTTPRoute ${route.namespace}/${route.name} is not accepted or names what does not ` +
                        `exist; see: kubectl -n ${route.namespace} describe httproute ${route.name}`,
                ),
            ),
    ]);
    const details = gateways.flatMap(gatewayLines);
    const ready = gateways.filter(({ programmed }) => programmed).length;
    return [
        check(
            "gateway/programmed",
            "gateway",
            "Gateways",
            `${ready} of ${gateways.length} programmed, ${counted(
                gateways.reduce((sum, { routes }) => sum + routes.length, 0),
                "route",
            )}`,
            findings,
            details,
        ),
    ];
}

/** A Gateway, its Service and its routes, a line each. */
function gatewayLines({ namespace, name, className, listeners, service, routes }: TopologyGateway): string[] {
    const listening = listeners.map(({ name: of, protocol, port }) => `listener ${of} ${protocol} ${port}`);
    const ports = service?.ports.map(
        ({ name: of, port, nodePort }) => `${of} ${port}${nodePort ? ` at node port ${nodePort}` : ""}`,
    );
    return [
        `${namespace}/${name}: class ${className}, ${listening.join(", ")}`,
        ...(service ? [`Service ${service.namespace}/${service.name}, ${service.type}: ${ports!.join(", ")}`] : []),
        ...routes.map((route) => {
            const backends = route.backends.map(({ service: to, port }) => `${to}:${port ?? ""}`);
            const matches = route.matches.join(", ");
            return `HTTPRoute ${route.namespace}/${route.name}: ${matches} to ${backends.join(", ")}`;
        }),
    ];
}

function checkInit(proxies: readonly ProxyReport[]): Check {
    const sidecars = proxies.filter(({ role }) => role === "sidecar");
    if (sidecars.length === 0) return skipped("mesh/istio-init", "mesh", "istio-init", "no pod has a sidecar");
    const findings = sidecars.flatMap((report) => report.findings);
    const kinds = groupBy(sidecars, ({ capture }) => {
        if (!capture) return "nothing";
        const args = capture.arguments.flatMap(({ argument, value }) => [argument, value === "" ? '""' : value]);
        const line = [capture.container, ...args.filter((word) => word !== undefined)].join(" ");
        return `${line}; capabilities ${listed(capture.capabilities.added)}`;
    });
    const first = sidecars.find(({ capture }) => capture)?.capture;
    const seen = first
        ? `inbound ${all(first.inbound.captured)} to ${first.inboundPort} but ` +
          `${listed(first.inbound.excluded.map(({ port }) => port))}, outbound ${all(first.outbound.captured)} to ` +
          `${first.outboundPort}, by ${first.mode}, all but user ${first.user}`
        : "no pod captures its traffic";
    return check(
        "mesh/istio-init",
        "mesh",
        "istio-init",
        seen,
        findings,
        [...kinds].map(([kind, same]) => `${counted(same.length, "pod")}: ${kind}`),
    );
}

const all = (captured: readonly string[]) =>
    captured.includes("*") ? "all" : captured.length === 0 ? "nothing" : listed(captured);

function checkProxies(proxies: readonly ProxyReport[]): Check {
    if (proxies.length === 0) return skipped("mesh/istio-proxy", "mesh", "istio-proxy", "no pod has a proxy");
    const unprobed = proxies.filter(({ proxy }) => !proxy.probes.some(({ kind }) => kind === "readiness"));
    const unmounted = proxies.filter(({ proxy }) => proxy.mounts.some(({ source }) => source === "no such volume"));
    const findings = [
        ...unprobed.map(({ namespace, pod }) =>
            problem(
                "proxy/no-probe",
                `${namespace}/${pod}`,
                `The proxy of ${namespace}/${pod} has no readiness probe, so the pod counts as ready before its ` +
                    "proxy is; recreate it with the injection template of its control plane.",
            ),
        ),
        ...unmounted.map(({ namespace, pod }) =>
            problem(
                "proxy/no-volume",
                `${namespace}/${pod}`,
                `The proxy of ${namespace}/${pod} mounts a volume that the pod does not have; recreate it with ` +
                    "the injection template of its control plane.",
            ),
        ),
    ];
    const domains = [...new Set(proxies.map(({ proxy }) => proxy.domain ?? "no domain"))];
    const details = proxies.map(
        ({ namespace, pod, role, proxy }) =>
            `${namespace}/${pod}: proxy ${role === "gateway" ? "router" : "sidecar"}, domain ` +
            `${proxy.domain ?? "none"}, CA ` +
            `${proxy.env.find(({ name }) => name === "CA_ADDR")?.value ?? "default"}, ` +
            `${counted(proxy.probes.length, "probe")}, ${counted(proxy.mounts.length, "mount")}, user ` +
            `${proxy.runsAs ?? "of the image"}`,
    );
    return check(
        "mesh/istio-proxy",
        "mesh",
        "istio-proxy",
        `${counted(proxies.length, "proxy", "proxies")}, domain ${listed(domains)}`,
        findings,
        details,
    );
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
    return groups;
}
