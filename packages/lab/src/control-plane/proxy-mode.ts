import { UserError } from "@istio-on-pulumi/kube";

/** How kube-proxy writes the rules of Services. */
export type ProxyMode = (typeof MODES)[number];

const MODES = ["iptables", "nftables"] as const;

/** Environment variable that names the mode. */
export const PROXY_MODE_VARIABLE = "LAB_PROXY_MODE";

/**
 * The mode that the environment asks for, `iptables` unless it is set.
 * @throws UserError if it is no mode.
 */
export function proxyMode(env: NodeJS.ProcessEnv): ProxyMode {
    const wish = env[PROXY_MODE_VARIABLE] || "iptables";
    const mode = MODES.find((each) => each === wish);
    if (mode) return mode;
    throw new UserError(`${PROXY_MODE_VARIABLE} is ${JSON.stringify(wish)}: set it to ${MODES.join(" or ")}.`);
}
