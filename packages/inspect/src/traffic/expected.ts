import type { V1Pod } from "@kubernetes/client-node";
import { listed } from "../finding";
import { slicesByService, usableEndpoints } from "../join/expected";
import { versionOf } from "../mesh/pods";
import { type ClusterSnapshot, type HttpRoute, keyOf } from "../snapshot/snapshot";
import {
    coversByWildcard,
    type DestinationRule,
    type HttpRule,
    isExported,
    type ServiceName,
    serviceOfHost,
    type TrafficPolicy,
    type VirtualService,
} from "./istioRoutes";

/** Shown for pods that say no version. */
export const NO_VERSION = "no version";

/** Which part of the answers each version is to give, 0 to 1. */
export type Expected =
    | {
          readonly known: true;
          /** Where the parts come from, as the end of a sentence: `by the weights of the HTTPRoute shop/reviews`. */
          readonly why: string;
          /**
           * Whether each request is decided on its own by these parts; else the balancing prefers pods that answer
           * quickly.
           */
          readonly exact: boolean;
          readonly byVersion: ReadonlyMap<string, number>;
      }
    | { readonly known: false; readonly why: string };

export interface RoutingInput {
    readonly snapshot: ClusterSnapshot;
    /** `undefined` where the user may not list them. */
    readonly virtualServices?: readonly VirtualService[];
    readonly destinationRules?: readonly DestinationRule[];
    /** Requests under way at the same time: one alone meets no pod that is busy. */
    readonly concurrency: number;
}

const unknown = (why: string): Expected => ({ known: false, why });

/** A part of the traffic, and where it goes. */
interface Part {
    readonly service: ServiceName;
    readonly subset?: string;
    readonly weight: number;
}

/**
 * The part of the answers that each version of a Service is to give, as its routes have it. Callers are in its own
 * namespace,
 * as Bookinfo's are. What is more than plain weights is not guessed.
 */
export function expectedShares(service: ServiceName, input: RoutingInput): Expected {
    const { snapshot, virtualServices, destinationRules } = input;
    if (!virtualServices || !destinationRules)
        return unknown("this user may not list VirtualServices and DestinationRules");
    const routes = snapshot.routes.filter((route) => isParent(route, service));
    const own = virtualServices.filter((virtual) => routesInMesh(virtual, service));
    const names = [
        ...routes.map((route) => `HTTPRoute ${keyOf(route)}`),
        ...own.map((virtual) => `VirtualService ${keyOf(virtual)}`),
    ];
    if (names.length > 1) return unknown(`several objects route it: ${listed(names)}`);
    if (routes[0]) return byParts(partsOfRoute(routes[0]), `by the weights of the ${names[0]}`, names[0]!, input);
    if (own[0])
        return byParts(partsOfVirtualService(own[0], service), `by the weights of the ${names[0]}`, names[0]!, input);
    return byParts(
        [{ service, weight: 1 }],
        "an equal part for each ready pod, since nothing routes it otherwise",
        "no route",
        input,
    );
}

/** A route of another namespace holds for that namespace's callers alone. */
function isParent({ metadata, spec }: HttpRoute, { namespace, name }: ServiceName): boolean {
    if (metadata?.namespace !== namespace) return false;
    return (
        spec?.parentRefs?.some(
            (parent) =>
                parent.kind === "Service" &&
                parent.name === name &&
                (parent.namespace ?? metadata?.namespace) === namespace,
        ) ?? false
    );
}

function routesInMesh(virtual: VirtualService, service: ServiceName): boolean {
    const gateways = virtual.spec?.gateways ?? [];
    if (
        (gateways.length > 0 && !gateways.includes("mesh")) ||
        !isExported(virtual, service.namespace) ||
        !virtual.spec?.http?.length
    )
        return false;
    return (
        virtual.spec.hosts?.some(
            (host) => isService(host, virtual.metadata?.namespace ?? "", service) || coversByWildcard(host, service),
        ) ?? false
    );
}

function isService(host: string, namespace: string, service: ServiceName): boolean {
    const meant = serviceOfHost(host, namespace);
    return meant?.name === service.name && meant.namespace === service.namespace;
}

/** The filters of a route that change nothing about which pod answers. */
const HARMLESS = new Set(["RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror"]);

/** @returns why not, where the route is more than plain weights */
function partsOfRoute(route: HttpRoute): Part[] | string {
    const refused = route.status?.parents
        ?.flatMap(({ conditions = [] }) => conditions)
        .find(({ type, status }) => ["Accepted", "ResolvedRefs"].includes(type) && status === "False");
    if (refused) return `is not in force (${refused.reason ?? refused.type})`;
    const rules = route.spec?.rules ?? [];
    if (rules.length !== 1) return `has ${rules.length} rules`;
    const { matches = [], filters = [], backendRefs = [] } = rules[0]!;
    const all =
        matches.length === 0 ||
        matches.some(
            ({ path, headers, queryParams, method }) =>
                (path?.value ?? "/") === "/" &&
                path?.type !== "Exact" &&
                !headers?.length &&
                !queryParams?.length &&
                method === undefined,
        );
    if (!all) return "matches some requests only";
    const filter = filters.find(({ type }) => !HARMLESS.has(type));
    if (filter) return `has a filter ${filter.type}`;
    const other = backendRefs.find(({ kind }) => (kind ?? "Service") !== "Service");
    if (other) return `leads to a ${other.kind}`;
    return backendRefs.map(({ name, namespace, weight }) => ({
        service: { name, namespace: namespace ?? route.metadata?.namespace ?? "" },
        weight: weight ?? 1,
    }));
}

function partsOfVirtualService({ metadata, spec }: VirtualService, service: ServiceName): Part[] | string {
    if (!spec?.hosts?.some((host) => isService(host, metadata?.namespace ?? "", service)))
        return "names its hosts by a wildcard";
    const rules: readonly HttpRule[] = spec.http ?? [];
    const [rule] = rules;
    if (rules.length !== 1 || !rule) return `has ${rules.length} rules`;
    if (rule.match?.length) return "matches some requests only";
    if (rule.redirect || rule.directResponse || rule.delegate || rule.fault?.abort)
        return "does more than share traffic out";
    const parts: Part[] = [];
    for (const { destination, weight } of rule.route ?? []) {
        const meant = serviceOfHost(destination?.host ?? "", metadata?.namespace ?? "");
        if (!meant) return `leads to the host ${JSON.stringify(destination?.host ?? "")}`;
        parts.push({
            service: meant,
            subset: destination?.subset,
            weight: weight ?? (rule.route!.length === 1 ? 1 : 0),
        });
    }
    return parts;
}

/** Adds up what each version gets of each part. */
function byParts(parts: Part[] | string, why: string, name: string, input: RoutingInput): Expected {
    if (typeof parts === "string") return unknown(`the ${name} ${parts}`);
    const total = parts.reduce((sum, { weight }) => sum + weight, 0);
    if (total <= 0) return unknown(`the ${name} gives no destination a weight`);
    const byVersion = new Map<string, number>();
    let exact = true;
    for (const part of parts) {
        if (part.weight === 0) continue;
        const behind = podsBehind(part, input);
        if (typeof behind === "string") return unknown(behind);
        for (const pod of behind.pods) {
            const version = versionOf(pod) ?? NO_VERSION;
            byVersion.set(version, (byVersion.get(version) ?? 0) + part.weight / total / behind.pods.length);
        }
        // Which pod of a part answers is up to its balancing, but makes no difference where all are of one version.
        exact &&= behind.even || input.concurrency === 1 || new Set(behind.pods.map(versionOf)).size === 1;
    }
    return { known: true, why, exact, byVersion };
}

/** Ways of balancing that look at no pod's load. */
const EVEN = new Set(["RANDOM", "ROUND_ROBIN"]);

/** The ready pods of a part, and whether each gets the same part of it; or why that is not known. */
function podsBehind(
    { service, subset }: Part,
    { snapshot, destinationRules = [] }: RoutingInput,
): { pods: V1Pod[]; even: boolean } | string {
    const key = `${service.namespace}/${service.name}`;
    const rules = destinationRules.filter(
        (rule) =>
            isExported(rule, service.namespace) &&
            isService(rule.spec?.host ?? "", rule.metadata?.namespace ?? "", service),
    );
    if (rules.length > 1) return `several DestinationRules are for ${key}: ${listed(rules.map(keyOf))}`;
    const [rule] = rules;
    const chosen = subset === undefined ? undefined : rule?.spec?.subsets?.find(({ name }) => name === subset);
    if (subset !== undefined && !chosen) return `no DestinationRule describes the subset ${subset} of ${key}`;
    const policy: TrafficPolicy = { ...rule?.spec?.trafficPolicy, ...chosen?.trafficPolicy };
    if (
        policy.loadBalancer?.consistentHash ||
        policy.loadBalancer?.localityLbSetting ||
        policy.portLevelSettings?.length
    )
        return `the DestinationRule ${keyOf(rule!)} balances by more than load`;
    const pods = readyPods(service, snapshot).filter((pod) =>
        Object.entries(chosen?.labels ?? {}).every(([label, value]) => pod.metadata?.labels?.[label] === value),
    );
    if (pods.length === 0)
        return `there is no ready pod behind ${key}${subset === undefined ? "" : `, subset ${subset}`}`;
    return { pods, even: EVEN.has(policy.loadBalancer?.simple ?? "") };
}

/** Pods that the Service's EndpointSlices hold as ready. */
function readyPods({ namespace, name }: ServiceName, snapshot: ClusterSnapshot): V1Pod[] {
    const key = `${namespace}/${name}`;
    const service = snapshot.services.find((each) => keyOf(each) === key);
    const slices = slicesByService(snapshot.endpointSlices).get(key) ?? [];
    const endpoints = (service?.spec?.ports ?? []).flatMap((port) =>
        (["IPv4", "IPv6"] as const).flatMap((family) => usableEndpoints(slices, port, family)),
    );
    const names = new Set(endpoints.map(({ pod }) => pod));
    return snapshot.pods.filter((pod) => names.has(keyOf(pod)));
}
