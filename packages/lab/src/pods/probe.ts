import type { V1Container, V1Probe } from "@kubernetes/client-node";
import { httpReady, tcpReady } from "../control-plane/probes";

const portNumber = (container: V1Container, port: number | string): number =>
    typeof port === "number"
        ? port
        : (container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port));

/** Where a probe goes: a URL for httpGet, host and port for tcpSocket, undefined for exec and grpc: not asked. */
export function probeTarget(
    container: V1Container,
    probe: V1Probe,
    address: string,
): { url: string; headers: Record<string, string> } | { host: string; port: number } | undefined {
    if (probe.httpGet) {
        const { scheme = "HTTP", path = "/", port, host = address, httpHeaders = [] } = probe.httpGet;
        const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
        return {
            url: `${scheme.toLowerCase()}://${host}:${portNumber(container, port)}${path}`,
            headers,
        };
    }
    if (probe.tcpSocket)
        return {
            host: probe.tcpSocket.host ?? address,
            port: portNumber(container, probe.tcpSocket.port),
        };
    return undefined;
}

/** Asks a container's probe once; a probe of a kind that the lab does not ask counts as answered. */
export async function askProbe(container: V1Container, probe: V1Probe, address: string): Promise<boolean> {
    const target = probeTarget(container, probe, address);
    if (!target) return true;
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    // A kubelet does not check a pod's certificate either.
    return "url" in target
        ? httpReady({ ...target, unverified: true }, timeoutMs)
        : tcpReady(target.host, target.port, timeoutMs);
}
