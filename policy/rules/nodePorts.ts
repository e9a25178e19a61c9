import type { KubeObject } from "../objects";
import type { Finding, StackRule } from "../rule";
import { PRODUCTION } from "../stacks";
import { at, listAt, textAt } from "../values";

interface Settings {
    readonly from: number;
    readonly to: number;
}

export const nodePorts: StackRule<Settings> = {
    name: "node-ports",
    description: "Every node port is in the cluster's range, and none is asked for twice.",
    production: PRODUCTION,
    settings: {
        from: { type: "integer", default: 30000, description: "First port of the cluster's range." },
        to: { type: "integer", default: 32767, description: "Last port of the cluster's range." },
    },
    judgeAll: (objects, settings) => {
        const ports = objects
            .filter(({ group, kind }) => group === "" && kind === "Service")
            .flatMap((service) => portsOf(service));
        return [...outside(ports, settings), ...twice(ports)];
    },
};

interface NodePort {
    readonly service: KubeObject;
    readonly number: number;
    /** A number may be taken once for each. */
    readonly protocol: string;
    /** Such as `for port http`. */
    readonly purpose: string;
}

/** Of a port without a name. */
function numberOf(port: unknown): string {
    const number = at(port, "port");
    return typeof number === "number" ? String(number) : "?";
}

function portsOf(service: KubeObject): NodePort[] {
    const ports = listAt(service.fields, "spec", "ports").map((port) => ({
        service,
        number: at(port, "nodePort"),
        protocol: textAt(port, "protocol") ?? "TCP",
        purpose: `for port ${textAt(port, "name") ?? numberOf(port)}`,
    }));
    const health = at(service.fields, "spec", "healthCheckNodePort");
    return [...ports, { service, number: health, protocol: "TCP", purpose: "for health checks" }].filter(
        (port): port is NodePort => typeof port.number === "number" && port.number !== 0,
    );
}

const outside = (ports: readonly NodePort[], { from, to }: Settings): Finding[] =>
    ports
        .filter(({ number }) => number < from || number > to)
        .map(({ service, number, purpose }) => ({
            object: service,
            complaint:
                `${service.title} asks for node port ${number} ${purpose}, which is outside the cluster's range; ` +
                `allowed: ${from} to ${to}. Choose one of them, or none, and Kubernetes does.`,
        }));

function twice(ports: readonly NodePort[]): Finding[] {
    const takers = new Map<string, NodePort>();
    return ports.flatMap((port) => {
        const key = `${port.number}/${port.protocol}`;
        const first = takers.get(key);
        takers.set(key, first ?? port);
        // A Service and its patch are one object.
        const isOwn = first?.service.title === port.service.title && first.purpose === port.purpose;
        if (!first || isOwn) return [];
        return [
            {
                object: port.service,
                complaint:
                    `${port.service.title} asks for node port ${key} ${port.purpose}, which ${first.service.title} has ` +
                    `${first.purpose}, and the cluster gives it once: choose another for one of them, or none, and ` +
                    "Kubernetes does.",
            },
        ];
    });
}
