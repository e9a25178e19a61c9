import { isOfOtherMinor, ISTIO_NAMESPACE, minorOf } from "@istio-on-pulumi/kube";
import { removeCommand, setCommand } from "./problems";
import { revisionContradictions } from "./revisions";
import type { GivenSettings } from "./schema";
import { LEAVES } from "./tree";

/** What is allowed alone but not together. */
export function contradictions(s: GivenSettings, project: string): string[] {
    return [
        ...nodePorts(s, project),
        ...namespaces(s, project),
        ...sshInspection(s, project),
        ...chartValues(s, project),
        ...otherImages(s, project),
        ...revisionContradictions(s, project),
    ];
}

function nodePorts({ gateway, addons: { kiali } }: GivenSettings, project: string): string[] {
    const found: string[] = [];
    const exposed: [string, { nodePort: number; serviceType: string }][] = [
        ["gateway", gateway],
        ["addons.kiali", kiali],
    ];
    for (const [group, { nodePort, serviceType }] of exposed) {
        if (nodePort === 0 || serviceType !== "ClusterIP") continue;
        found.push(
            `${project}:${group}.nodePort is ${nodePort} while ${project}:${group}.serviceType is "ClusterIP", which ` +
                `has no node ports; allowed with it: 0. Change it with: ${removeCommand(`${group}.nodePort`)}`,
        );
    }
    const isTwice = gateway.nodePort !== 0 && gateway.nodePort === kiali.nodePort;
    if (isTwice && kiali.enabled && kiali.serviceType !== "ClusterIP") {
        found.push(
            `${project}:addons.kiali.nodePort is ${kiali.nodePort}, which ${project}:gateway.nodePort has already; ` +
                `allowed: another port, or 0 for any. Change it with: ${setCommand("addons.kiali.nodePort", "<value>")}`,
        );
    }
    return found;
}

function namespaces({ bookinfo, gateway, namespaces: { existing } }: GivenSettings, project: string): string[] {
    const found: string[] = [];
    const places = { "bookinfo.namespace": bookinfo.namespace, "gateway.namespace": gateway.namespace };
    for (const [path, namespace] of Object.entries(places)) {
        if (namespace !== ISTIO_NAMESPACE) continue;
        found.push(
            `${project}:${path} is "${ISTIO_NAMESPACE}", which is the control plane's; allowed: another namespace. ` +
                `Change it with: ${setCommand(path, "<value>")}`,
        );
    }
    if (bookinfo.enabled && gateway.namespace === bookinfo.namespace) {
        found.push(
            `${project}:gateway.namespace is "${gateway.namespace}", as ${project}:bookinfo.namespace is; allowed: ` +
                `another namespace, or empty for Bookinfo's. Change it with: ${removeCommand("gateway.namespace")}`,
        );
    }
    const used = usedNamespaces({ bookinfo, gateway });
    const others = existing.filter((name) => !used.includes(name));
    if (others.length > 0) {
        found.push(
            `${project}:namespaces.existing names ${others.join(", ")}, which the stack does not use; allowed: ` +
                `${used.join(", ")}. Change it with: pulumi config set --path 'namespaces.existing[0]' <name>`,
        );
    }
    return found;
}

/** The namespaces in which the stack has objects. */
function usedNamespaces({ bookinfo, gateway }: Pick<GivenSettings, "bookinfo" | "gateway">): string[] {
    return [
        ISTIO_NAMESPACE,
        ...(bookinfo.enabled ? [bookinfo.namespace] : []),
        ...(gateway.namespace === undefined ? [] : [gateway.namespace]),
    ];
}

function sshInspection({ inspection }: GivenSettings, project: string): string[] {
    if (inspection.mode !== "ssh") return [];
    const missing = (["host", "hostKey"] as const).filter((key) => inspection[key] === undefined);
    return missing.map((key) => {
        const path = `inspection.${key}`;
        const { allowed } = LEAVES.find((leaf) => leaf.path === path)!.facts;
        return (
            `${project}:inspection.mode is "ssh" while ${project}:${path} is ""; ` +
            `allowed with it: ${allowed.replace(", or empty", "")}. Change it with: ${setCommand(path, "<value>")}`
        );
    });
}

/** Values of the chart on which other objects of the stack must agree with it, and what to use instead. */
const OWN_VALUES: Readonly<Record<string, string>> = {
    hub: "istio.hub",
    tag: "istio.tag",
    "global.hub": "istio.hub",
    "global.tag": "istio.tag",
    "global.imagePullSecrets": "registry.pullSecrets",
    "global.istioNamespace": "",
    revision: "",
};

function chartValues({ istio }: GivenSettings, project: string): string[] {
    return Object.entries(OWN_VALUES).flatMap(([key, instead]) => {
        const value = key
            .split(".")
            .reduce<unknown>((at, part) => (at as Record<string, unknown> | null)?.[part], istio.values);
        if (value === undefined) return [];
        const path = `istio.values.${key}`;
        const why = instead === "" ? "which is the stack's own" : `which is ${project}:${instead} here`;
        const change = instead === "" ? "" : `${setCommand(instead, "<value>")} and `;
        return [`${project}:${path} is set, ${why}; change it with: ${change}${removeCommand(path)}`];
    });
}

function otherImages({ istio: { version, tag = "" } }: GivenSettings, project: string): string[] {
    if (!isOfOtherMinor(tag, version)) return [];
    return [
        `${project}:istio.tag is "${tag}" while ${project}:istio.version is "${version}", whose charts are not made for ` +
            `it; allowed with it: a tag of ${minorOf(version)}, or empty. Change it with: ${removeCommand("istio.tag")}`,
    ];
}
