/** A host and a port, as DNAT writes its destination. */
export interface HostPort {
    readonly address: string;
    readonly port: number;
}

const V4 = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/;
const V6 = /^\[([0-9A-Fa-f:.]+)\]:(\d{1,5})$/;

/** Reads `10.244.0.12:9080` or `[fd00::12]:9080`; `undefined` for anything else, such as a range. */
export function parseHostPort(text: string): HostPort | undefined {
    const found = V4.exec(text) ?? V6.exec(text);
    return found ? { address: canonical(found[1]!), port: Number(found[2]) } : undefined;
}

/** As kube-proxy and URLs write it. */
export const formatHostPort = ({ address, port }: HostPort): string =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

/** The address of a network of one address, such as `10.96.0.1/32`; `undefined` for a wider network. */
export function singleAddress(network: string): string | undefined {
    const [address, length] = network.split("/");
    return length === undefined || length === (address!.includes(":") ? "128" : "32") ? canonical(address!) : undefined;
}

/** One spelling for each address: IPv6 has several. */
export function canonical(address: string): string {
    if (!address.includes(":")) return address;
    try {
        return new URL(`http://[${address}]/`).hostname.slice(1, -1);
    } catch {
        return address;
    }
}
