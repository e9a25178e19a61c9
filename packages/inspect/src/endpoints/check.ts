import type { V1Service } from "@kubernetes/client-node";
import { type Finding, problem } from "../finding";
import { slicesByService, usableEndpoints } from "../join/expected";
import { type ClusterSnapshot, keyOf } from "../snapshot/snapshot";
import type { DescribedEndpoint } from "./outputs";

/** Whether a port answers: asked and answered, asked in vain, or not asked and why. */
export interface Answer {
    readonly state: "answers" | "fails" | "not asked";
    /** Such as `HTTP 200`, or why it was not asked. */
    readonly text: string;
}

export interface EndpointPortReport {
    readonly name: string;
    readonly port: number;
    readonly nodePort?: number;
    readonly url?: string;
    /** Whether the Service has such a port. */
    readonly exists: boolean;
    /** Addresses that are ready to answer. */
    readonly ready: number;
    readonly answer: Answer;
}

export interface EndpointReport {
    readonly name: string;
    readonly namespace: string;
    readonly service: string;
    readonly type?: string;
    readonly address?: string;
    readonly exists: boolean;
    readonly ports: readonly EndpointPortReport[];
}

/** One port to be asked. */
export interface Question {
    readonly namespace: string;
    readonly service: string;
    readonly portName: string;
    readonly port: number;
    readonly protocol: string;
    readonly clusterIP?: string;
    readonly url?: string;
    /** Whether a container runs behind it; where none does, silence says nothing. */
    readonly dataPlane: boolean;
}

/** Asks one port; never throws. */
export type Asker = (question: Question) => Promise<Answer>;

export const NO_DATA_PLANE = "no data plane in the lab: kwok simulates its pods, and no container runs";

/** Pods that kwok simulates, as `<namespace>/<name>`: on its nodes, and without a container that was started. */
function simulatedPods({ nodes, pods }: ClusterSnapshot): ReadonlySet<string> {
    const fake = new Set(
        nodes
            .filter(({ metadata }) => metadata?.annotations?.["kwok.x-k8s.io/node"] === "fake")
            .map(({ metadata }) => metadata?.name),
    );
    return new Set(
        pods
            .filter(
                ({ spec, status }) =>
                    fake.has(spec?.nodeName) && !status?.containerStatuses?.some(({ containerID }) => containerID),
            )
            .map(keyOf),
    );
}

/** Holds each endpoint of a stack's outputs against the cluster, and asks those that can be asked. */
export async function checkEndpoints(
    described: readonly DescribedEndpoint[],
    snapshot: ClusterSnapshot,
    ask: Asker,
): Promise<{ endpoints: EndpointReport[]; findings: Finding[] }> {
    const services = new Map(snapshot.services.map((service) => [keyOf(service), service]));
    const slices = slicesByService(snapshot.endpointSlices);
    const simulated = simulatedPods(snapshot);
    const findings: Finding[] = [];
    const endpoints = await Promise.all(
        described.map(async (endpoint): Promise<EndpointReport> => {
            const key = `${endpoint.namespace}/${endpoint.service}`;
            const service = services.get(key);
            const wrong = (code: string, message: string) =>
                findings.push(problem(code, endpoint.name, `The endpoint ${endpoint.name} ${message}`));
            if (!service) {
                wrong(
                    "endpoint/no-service",
                    `names the Service ${key}, which does not exist; run the stack's update again.`,
                );
            } else if (endpoint.type !== undefined && endpoint.type !== (service.spec?.type ?? "ClusterIP")) {
                wrong(
                    "endpoint/type",
                    `says that the Service ${key} is of type ${endpoint.type}, but it is ` +
                        `${service.spec?.type ?? "ClusterIP"}; refresh the stack.`,
                );
            }
            const ports = await Promise.all(
                endpoint.ports.map(async (port): Promise<EndpointPortReport> => {
                    const live = service?.spec?.ports?.find(
                        (each) => each.port === port.port && (each.name ?? "") === port.name,
                    );
                    const usable = live
                        ? (["IPv4", "IPv6"] as const).flatMap((family) =>
                              usableEndpoints(slices.get(key) ?? [], live, family),
                          )
                        : [];
                    const report = { ...port, exists: live !== undefined, ready: usable.length };
                    if (service && !live)
                        wrong(
                            "endpoint/no-port",
                            `names port ${port.name || port.port} (${port.port}), which the Service ${key} does ` +
                                `not have (it has: ${portsOf(service)}); refresh the stack.`,
                        );
                    if (live && (port.nodePort ?? 0) !== (live.nodePort ?? 0))
                        wrong(
                            "endpoint/node-port",
                            `says that port ${port.port} of ${key} has ${nodePortOf(port.nodePort)}, but it has ` +
                                `${nodePortOf(live.nodePort)}; refresh the stack.`,
                        );
                    if (!live || !service)
                        return {
                            ...report,
                            answer: { state: "not asked", text: service ? "no such port" : "no such Service" },
                        };
                    if (usable.length === 0) {
                        wrong(
                            "endpoint/not-ready",
                            `has no ready address at port ${port.port} of ${key}; see: kubectl -n ` +
                                `${endpoint.namespace} get pods,endpointslices`,
                        );
                        return { ...report, answer: { state: "not asked", text: "nothing is ready" } };
                    }
                    const dataPlane = !usable.every(({ pod }) => pod !== undefined && simulated.has(pod));
                    const clusterIP = service.spec?.clusterIP === "None" ? undefined : service.spec?.clusterIP;
                    const answer = await ask({
                        namespace: endpoint.namespace,
                        service: endpoint.service,
                        portName: port.name,
                        port: port.port,
                        protocol: live.protocol ?? "TCP",
                        clusterIP,
                        url: port.url,
                        dataPlane,
                    });
                    if (answer.state === "fails")
                        wrong(
                            "endpoint/silent",
                            `does not answer at ${port.url ?? `port ${port.port} of ${key}`}: ${answer.text}; ` +
                                "see the log of the pods behind it.",
                        );
                    return { ...report, answer };
                }),
            );
            const { name, namespace, service: serviceName, type, address } = endpoint;
            return { name, namespace, service: serviceName, type, address, exists: service !== undefined, ports };
        }),
    );
    return { endpoints, findings };
}

const portsOf = ({ spec }: V1Service) =>
    (spec?.ports ?? []).map(({ name, port }) => `${name ?? ""} ${port}`.trim()).join(", ");
const nodePortOf = (port: number | undefined) => (port ? `node port ${port}` : "no node port");
