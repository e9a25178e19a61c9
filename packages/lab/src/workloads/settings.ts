import { hostname } from "node:os";
import { UsageError } from "./usage-error";

/** Where a backend answers. */
export interface Origin {
    readonly host: string;
    readonly port: number;
}

export type BackendName = "details" | "ratings" | "reviews";

/** What the environment says about this process. */
export interface Settings {
    /** TCP ports to listen on; 0 means any free one. */
    readonly ports: readonly [number, ...number[]];
    /** Address to listen on; undefined means all, which Envoy needs: it hands requests on to the pod's own address. */
    readonly address: string | undefined;
    /** The pod's name. */
    readonly pod: string;
    /** The cluster's name; the text `null` without one, as upstream's reviews says. */
    readonly cluster: string;
    readonly backends: Readonly<Record<BackendName, Origin>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `LAB_PORTS`, `LAB_ADDRESS`, `HOSTNAME` and the variables of upstream's applications; an empty one is none.
 * @throws UsageError if a port is none.
 */
export function readSettings(env: Environment): Settings {
    return {
        ports: listeningPorts(env["LAB_PORTS"] || "9080"),
        address: env["LAB_ADDRESS"] || undefined,
        pod: env["HOSTNAME"] || hostname(),
        cluster: env["CLUSTER_NAME"] || "null",
        backends: { details: origin(env, "details"), ratings: origin(env, "ratings"), reviews: origin(env, "reviews") },
    };
}

function listeningPorts(text: string): readonly [number, ...number[]] {
    const ports = text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "")
        .map((part) => portOf(part, 0));
    const [first, ...more] = ports.filter((port, at): port is number => port === 0 || ports.indexOf(port) === at);
    if (first === undefined || ports.includes(undefined)) {
        const allowed = "TCP ports from 0 (any free one) to 65535, separated by commas, such as 9080 or 8080,9090";
        throw new UsageError(`LAB_PORTS is "${text}": set it to ${allowed}.`);
    }
    return [first, ...more];
}

function origin(env: Environment, name: BackendName): Origin {
    const prefix = name.toUpperCase();
    const domain = env["SERVICES_DOMAIN"];
    const text = env[`${prefix}_SERVICE_PORT`] || "9080";
    const port = portOf(text, 1);
    if (port === undefined)
        throw new UsageError(`${prefix}_SERVICE_PORT is "${text}": set it to a TCP port from 1 to 65535.`);
    return { host: `${env[`${prefix}_HOSTNAME`] || name}${domain ? `.${domain}` : ""}`, port };
}

function portOf(text: string, lowest: number): number | undefined {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    return port >= lowest && port <= 65535 ? port : undefined;
}
