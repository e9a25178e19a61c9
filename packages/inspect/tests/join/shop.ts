import { type JoinOptions, joinServices } from "../../src/join";
import { endpointHash, parseSave, readNat, servicePortHash } from "../../src/nat";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import {
    emptySnapshot,
    NODE,
    pod,
    service,
    type ServiceOptions,
    slice,
    type SliceOptions,
} from "../../testing/cluster";
import { type ProxiedPort, ruleSet } from "../../testing/rules";

export const HASH = servicePortHash("shop/reviews:http", "tcp");
export const SEP = (host: number) => `KUBE-SEP-${endpointHash("shop/reviews:http", "tcp", `10.244.0.${host}:9080`)}`;
export const HOSTS = [1, 2, 3];
export const members = (hosts: readonly number[]) => hosts.map((host) => ({ address: `10.244.0.${host}`, port: 9080 }));

/** A Service `reviews` with three pods, its slice, and the rules for it. */
export function shop(
    over: {
        service?: Partial<ServiceOptions>;
        slice?: Partial<SliceOptions>;
        rules?: Partial<ProxiedPort>;
        pods?: ReturnType<typeof pod>[];
        edit?: (rules: string) => string;
    } = {},
) {
    const snapshot: ClusterSnapshot = {
        ...emptySnapshot,
        services: [service({ name: "reviews", ...over.service })],
        endpointSlices: [
            slice({
                service: "reviews",
                endpoints: HOSTS.map((host) => ({ address: `10.244.0.${host}`, pod: `reviews-${host}` })),
                ...over.slice,
            }),
        ],
        pods:
            over.pods ??
            HOSTS.map((host) =>
                pod({
                    name: `reviews-${host}`,
                    ip: `10.244.0.${host}`,
                    labels: { app: "reviews", version: `v${host}` },
                }),
            ),
    };
    const rules = ruleSet([
        { name: "shop/reviews:http", clusterIP: "10.96.0.10", port: 9080, endpoints: members(HOSTS), ...over.rules },
    ]);
    return { snapshot, rules: (over.edit ?? ((same) => same))(rules) };
}

export function join(over: Parameters<typeof shop>[0] = {}, options: JoinOptions = { node: NODE }) {
    const { snapshot, rules } = shop(over);
    return joinServices(readNat(parseSave(rules)), snapshot, options);
}

export const codes = (over: Parameters<typeof shop>[0], options?: JoinOptions) =>
    join(over, options).findings.map(({ code }) => code);
export const sentence = (over: Parameters<typeof shop>[0], code: string, options?: JoinOptions) =>
    join(over, options).findings.find((finding) => finding.code === code)?.message;
export const without = (pattern: RegExp) => (rules: string) =>
    rules
        .split("\n")
        .filter((line) => !pattern.test(line))
        .join("\n");
