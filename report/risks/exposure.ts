import type { Changes, Fields, Resource, Risk } from "../model";
import { at, isFields, isSame, listAt, textAt } from "../values";
import { does, listed, titlesOf } from "../words";
import { isWorkload } from "./objects";

/** What can be reached from outside the cluster, or by more people, than before. */
export function exposureRisks(changes: Changes): Risk[] {
    return [
        ...changes.resources.flatMap((resource) => {
            if (resource.kind === "Service") return serviceRisks(resource);
            return resource.kind === "ServicePatch" ? patchRisks(resource, changes.resources) : [];
        }),
        ...changes.resources.filter(({ kind }) => kind === "Gateway").flatMap(gatewayRisks),
        ...changes.resources.filter(isWorkload).flatMap(hostRisks),
        ...changes.resources.filter(({ kind }) => kind === "PeerAuthentication").flatMap(mtlsRisks),
        ...networkPolicyRisks(changes.resources),
        ...changes.components.flatMap(kialiRisks),
    ];
}

const OUTSIDE = ["NodePort", "LoadBalancer"];

function serviceRisks(service: Resource): Risk[] {
    const { name, verb, title } = service;
    if (verb === "keep") return [];
    const type = (side: Fields | undefined) => side && (textAt(side, "spec", "type") ?? "ClusterIP");
    const [from, to] = [type(service.before), type(service.after)];
    const [was, is] = [from, to].map((each) => each !== undefined && OUTSIDE.includes(each));
    const ports = nodePortsOf(service.after);
    if (is && from !== to) {
        const where = to === "LoadBalancer" ? "at a load balancer" : `at ${nodePort(ports)} of every node`;
        return [
            {
                level: "caution",
                sentence:
                    `The Service ${name} is reached ${where} from outside the cluster, since its type is ${to}` +
                    `${from ? ` and no longer ${from}` : ""}.`,
                titles: [title],
                clause: `opens ${name} ${where}`,
            },
        ];
    }
    const former = nodePortsOf(service.state);
    if (was && !is) {
        const closes = former.length > 0 ? `: ${nodePort(former)} ${does(former.length, "closes", "close")}` : "";
        return [
            {
                level: "note",
                sentence:
                    `The Service ${name} is no longer reached from outside the cluster${closes}, since ` +
                    `${to ? `its type is ${to} and no longer ${from}` : "it is deleted"}.`,
                titles: [title],
                clause: `closes ${name} to the outside${former.length > 0 ? ` (${nodePort(former)})` : ""}`,
            },
        ];
    }
    return is && !isSame(nodePortsOf(service.before), ports) ? [moved(name, former, ports, title)] : [];
}

function moved(name: string, from: readonly number[], to: readonly number[], title: string): Risk {
    const [left, taken] = [from.filter((port) => !to.includes(port)), to.filter((port) => !from.includes(port))];
    return {
        level: "caution",
        sentence:
            `The Service ${name} is reached at ${nodePort(taken)} of every node, and no longer at ` +
            `${nodePort(left)}: whoever uses the former is refused.`,
        titles: [title],
        clause: `moves ${name} to ${nodePort(taken)}`,
    };
}

/** A patch of node ports, of a Service that somebody else has made and the program reads. */
function patchRisks(patch: Resource, resources: readonly Resource[]): Risk[] {
    const { verb, title, name, namespace } = patch;
    const service = resources.find(
        (each) => each.kind === "Service" && each.name === name && each.namespace === namespace,
    );
    const itsPorts = listAt(service?.state, "spec", "ports");
    const fixed = listAt(patch.after, "spec", "ports").flatMap((port) => {
        const number = at(port, "nodePort");
        return typeof number === "number" ? [[at(port, "port"), number] as const] : [];
    });
    if (verb === "keep" || verb === "delete") return [];
    const former = fixed.flatMap(([port]) =>
        nodePortsOf({ spec: { ports: itsPorts.filter((each) => at(each, "port") === port) } }),
    );
    const now = fixed.map(([, number]) => number);
    return isSame(former, now) ? [] : [moved(name, former, now, title)];
}

export const nodePortsOf = (service: Fields | undefined): number[] =>
    listAt(service, "spec", "ports").flatMap((port) => {
        const number = at(port, "nodePort");
        return typeof number === "number" ? [number] : [];
    });

const nodePort = (ports: readonly number[]): string =>
    ports.length === 0
        ? "a node port that Kubernetes chooses"
        : `node ${does(ports.length, "port", "ports")} ${listed(ports.map(String))}`;

const SERVICE_TYPE = "networking.istio.io/service-type";

function gatewayRisks({ name, verb, title, before, after }: Resource): Risk[] {
    if (verb === "keep") return [];
    if (verb === "delete") {
        return [
            {
                level: "caution",
                sentence:
                    `Nothing answers any more at the addresses and node ports of the gateway ${name}, since it is ` +
                    "deleted with the Service that Istio made for it.",
                titles: [title],
                clause: `closes the gateway ${name}`,
            },
        ];
    }
    const risks: Risk[] = [];
    if (verb === "replace") {
        risks.push({
            level: "caution",
            sentence:
                `The gateway ${name} is made anew with a Service of its own: its address becomes another, and its ` +
                "node ports too where no setting fixes them.",
            titles: [title],
            clause: "the gateway gets another address",
        });
    }
    const [was, is] = [before, after].map(
        (side) => side && (textAt(side, "metadata", "annotations", SERVICE_TYPE) ?? "LoadBalancer"),
    );
    if (is !== was && is !== undefined) {
        const opens = OUTSIDE.includes(is);
        risks.push({
            level: opens || was !== undefined ? "caution" : "note",
            sentence:
                `The gateway ${name} has a Service of type ${is}` +
                `${was === undefined ? "" : `, and no longer ${was}: its addresses and node ports become others`}.`,
            titles: [title],
            clause: opens ? `opens the gateway ${name} by a ${is}` : `closes the gateway ${name} to the outside`,
        });
    }
    const [old, now] = [before, after].map((side) => listAt(side, "spec", "listeners").map(describeListener));
    const [added, removed] = [now!.filter((each) => !old!.includes(each)), old!.filter((each) => !now!.includes(each))];
    if (before !== undefined && added.length + removed.length > 0) {
        const parts = [
            ...(added.length > 0 ? [`takes requests for ${listed(added)}`] : []),
            ...(removed.length > 0 ? [`no longer takes those for ${listed(removed)}`] : []),
        ];
        risks.push({
            level: "caution",
            sentence: `The gateway ${name} ${parts.join(" and ")}, since its listeners change.`,
            titles: [title],
            clause: "changes the gateway's listeners",
        });
    }
    return risks;
}

function describeListener(listener: unknown): string {
    const port = at(listener, "port");
    return `${textAt(listener, "hostname") ?? "every host"} at port ${typeof port === "number" ? port : "?"}`;
}

/** Ways of a pod around the cluster's network. */
function hostRisks({ name, verb, title, before, after }: Resource): Risk[] {
    if (verb === "keep") return [];
    const [old, now] = [before, after].map(hostAccess);
    const added = now!.filter((each) => !old!.includes(each));
    return added.length === 0
        ? []
        : [
              {
                  level: "caution",
                  sentence:
                      `The pods of ${name} are reached at the address of their node, since they have ` +
                      `${listed(added)}.`,
                  titles: [title],
                  clause: `opens ${name} at its node`,
              },
          ];
}

function hostAccess(workload: Fields | undefined): string[] {
    const pod = at(workload, "spec", "template", "spec");
    const ports = listAt(pod, "containers").flatMap((container) =>
        listAt(container, "ports").flatMap((port) => {
            const number = at(port, "hostPort");
            return typeof number === "number" ? [`host port ${number}`] : [];
        }),
    );
    return [...(at(pod, "hostNetwork") === true ? ["their node's network"] : []), ...ports];
}

function mtlsRisks({ name, namespace, verb, title, before, after }: Resource): Risk[] {
    if (verb === "keep") return [];
    const [was, is] = [before, after].map((side) =>
        side ? (textAt(side, "spec", "mtls", "mode") ?? "UNSET") : "none",
    );
    if (was === is) return [];
    const policy = `PeerAuthentication ${namespace ? `${namespace}/` : ""}${name}`;
    if (is === "STRICT") {
        return [
            {
                level: "caution",
                sentence: `Callers without a sidecar are refused, since ${policy} asks for mutual TLS (STRICT).`,
                titles: [title],
                clause: "refuses callers without a sidecar",
            },
        ];
    }
    return was === "STRICT"
        ? [
              {
                  level: "danger",
                  sentence:
                      `Plain text is accepted again, since ${policy} ` +
                      `${is === "none" ? "is deleted" : `is ${is}`} and no longer STRICT.`,
                  titles: [title],
                  clause: "accepts plain text again",
              },
          ]
        : [];
}

/** Where a namespace goes its pods go, too, and nobody reaches them. */
function networkPolicyRisks(resources: readonly Resource[]): Risk[] {
    const gone = resources.filter(({ kind, verb }) => kind === "Namespace" && verb === "delete");
    const policies = resources.filter(
        ({ kind, namespace }) => kind === "NetworkPolicy" && gone.every(({ name }) => name !== namespace),
    );
    const [made, deleted] = (["create", "delete"] as const).map((verb) =>
        policies.filter((policy) => policy.verb === verb),
    );
    const named = (all: readonly Resource[]) =>
        `${does(all.length, "the NetworkPolicy", "the NetworkPolicies")} ` +
        listed(all.map(({ namespace, name }) => `${namespace ?? ""}/${name}`));
    return [
        ...(made!.length === 0
            ? []
            : [
                  {
                      level: "caution" as const,
                      sentence: `Connections of pods that it does not name are cut off by ${named(made!)}.`,
                      titles: titlesOf(made!),
                      clause: "cuts connections between pods off",
                  },
              ]),
        ...(deleted!.length === 0
            ? []
            : [
                  {
                      level: "danger" as const,
                      sentence: `Pods are open to all others again without ${named(deleted!)}.`,
                      titles: titlesOf(deleted!),
                      clause: "opens pods to all others again",
                  },
              ]),
    ];
}

/** In the order of what they allow. */
const ACCESS = ["token", "view-only", "anonymous"];
const MEANINGS: Readonly<Record<string, string>> = {
    token: "asks for a login",
    "view-only": "lets anybody who reaches it look at the mesh, without a login",
    anonymous: "lets anybody who reaches it change the mesh, without a login",
};

/** Its configuration is secret to the engine; what was asked for stands in the component that makes it. */
function kialiRisks({ before, after, title, verb }: Resource): Risk[] {
    const now = accessIn(after);
    const former = accessIn(before);
    if (now === undefined || now === former || verb === "delete") return [];
    const opens = former === undefined ? now !== "token" : ACCESS.indexOf(now) > ACCESS.indexOf(former);
    return [
        {
            level: opens ? (former === undefined ? "caution" : "danger") : "note",
            sentence: `Kiali ${MEANINGS[now]}${former === undefined ? "" : `; before, it ${withPast(former)}`}.`,
            titles: [title],
            clause: `Kiali ${now === "token" ? "asks for a login" : "has no login"}`,
        },
    ];
}

const withPast = (access: string): string => MEANINGS[access]!.replace(/^asks/, "asked").replace(/^lets/, "let");

function accessIn(args: Fields | undefined): string | undefined {
    const addons = at(args, "addons");
    const kiali = at(args, "kiali");
    if (!Array.isArray(addons) || !addons.includes("kiali") || !isFields(kiali)) return undefined;
    const access = textAt(kiali, "access") ?? "anonymous";
    return access in MEANINGS ? access : undefined;
}
