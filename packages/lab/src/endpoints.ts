import { table } from "./table";

/** One endpoint as the stack's output describes it. */
export interface Endpoint {
    readonly name?: string;
    readonly namespace?: string;
    readonly service?: string;
    /** In-cluster host name or address. */
    readonly address?: string;
    readonly ports?: readonly {
        readonly name?: string;
        readonly port?: number;
        readonly nodePort?: number;
        readonly url?: string;
    }[];
}

/** The endpoints in the outputs of a stack: a list, or a map by name. Empty if there are none. */
export function endpointsOf(outputs: Readonly<Record<string, unknown>>): Endpoint[] {
    const { endpoints } = outputs;
    if (Array.isArray(endpoints)) return endpoints as Endpoint[];
    if (typeof endpoints !== "object" || endpoints === null) return [];
    return Object.entries(endpoints as Record<string, Endpoint>).map(([name, endpoint]) => ({ name, ...endpoint }));
}

/** A table with a line a port: the endpoint's name only on its first line, so that the eye finds it. */
export function endpointTable(endpoints: readonly Endpoint[]): string {
    const rows = endpoints.flatMap((endpoint) => {
        const {
            name = endpoint.service ?? "",
            address = [endpoint.service, endpoint.namespace].filter(Boolean).join("."),
        } = endpoint;
        const ports = endpoint.ports?.length ? endpoint.ports : [{}];
        return ports.map((port, index) => [
            index === 0 ? name : "",
            index === 0 ? address : "",
            [port.port, port.name].filter((part) => part !== undefined).join(" "),
            String(port.nodePort ?? ""),
            port.url ?? "",
        ]);
    });
    return table(["ENDPOINT", "ADDRESS IN THE CLUSTER", "PORT", "NODE PORT", "URL"], rows);
}
