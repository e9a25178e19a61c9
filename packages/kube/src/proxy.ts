import { BlockList, isIP, isIPv6 } from "node:net";
import { UserError } from "./errors";
import type { KubeconfigContext } from "./kubeconfig";

const PROTOCOLS = ["http:", "https:", "socks5:"];

/**
 * The proxy by which a server is reached: the cluster's own (`proxy-url`), else the environment's, read as kubectl
 * reads it; `undefined` means none.
 *
 * @throws UserError where it is no URL of a proxy
 */
export function proxyFor(server: URL, { cluster, clusterName, kubeconfig }: KubeconfigContext): URL | undefined {
    const own = cluster["proxy-url"];
    if (own) return parseProxy(own, `${kubeconfig} names a proxy for cluster ${JSON.stringify(clusterName)} that`);
    const name = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
    const value = environment(name);
    if (!value || isDirect(server, environment("NO_PROXY") ?? "")) return undefined;
    return parseProxy(value.includes("://") ? value : `http://${value}`, `The variable ${name}`);
}

const environment = (name: string) => process.env[name] || process.env[name.toLowerCase()];

/** The value may hold a password, so no error shows it. */
function parseProxy(value: string, subject: string): URL {
    // A name is always resolved by the proxy, which is what the h says.
    const text = value.replace(/^socks5h:/, "socks5:");
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !PROTOCOLS.includes(url.protocol))
        throw new UserError(`${subject} is no proxy's URL; allowed: http://, https:// and socks5:// with a host`);
    return url;
}

/** Whether the server is reached without a proxy, by the rules of Go's programs: this machine never is. */
function isDirect(server: URL, noProxy: string): boolean {
    const host = server.hostname.replace(/^\[|\]$/g, "").toLowerCase();
    const port = server.port || (server.protocol === "https:" ? "443" : "80");
    if (host === "localhost" || host === "::1" || /^127\./.test(host)) return true;
    return noProxy
        .toLowerCase()
        .split(",")
        .map((each) => each.trim())
        .filter(Boolean)
        .some((each) => matches(each, host, port));
}

function matches(pattern: string, host: string, port: string): boolean {
    if (pattern === "*") return true;
    if (pattern.includes("/")) return isIP(host) !== 0 && inSubnet(host, pattern);
    const [, name = "", ownPort] = isIP(pattern) ? ["", pattern] : (/^(.*?)(?::(\d+))?$/.exec(pattern) ?? []);
    if (ownPort !== undefined && ownPort !== port) return false;
    const plain = name.replace(/^\[|\]$/g, "").replace(/^\*(?=\.)/, "");
    if (isIP(host)) return plain === host;
    return plain.startsWith(".") ? host.endsWith(plain) : host === plain || host.endsWith(`.${plain}`);
}

function inSubnet(host: string, subnet: string): boolean {
    const [address = "", prefix = ""] = subnet.split("/");
    const family = (ip: string) => (isIPv6(ip) ? "ipv6" : "ipv4");
    const list = new BlockList();
    try {
        list.addSubnet(address, Number(prefix), family(address));
    } catch {
        // What is no subnet covers nothing, as for Go's programs.
        return false;
    }
    return list.check(host, family(host));
}
