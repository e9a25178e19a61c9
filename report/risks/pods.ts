import { REVISION_LABEL } from "@istio-on-pulumi/kube";
import type { Changes, Resource, Risk } from "../model";
import { at, differences, isFields, isSame, textAt } from "../values";
import { counted, does, grouped, listed, namesOf, titlesOf } from "../words";
import { imagesOf, isIstiod, isRestarted, isWorkload, proxyImageOf, tagOf } from "./objects";

/** Which pods are renewed, and why. */
export function restartRisks(changes: Changes): Risk[] {
    const restarted = changes.resources.filter(isRestarted);
    const reasons = grouped(restarted, (workload) => restartReason(workload));
    const risks = [...reasons].map(([reason, workloads]): Risk => ({
        level: "caution",
        sentence: `The pods of ${namesOf(workloads)} are restarted, since ${reason}.`,
        titles: titlesOf(workloads),
    }));
    const replaced = changes.resources.filter((each) => isWorkload(each) && each.verb === "replace");
    const gateways = restartedGateways(changes);
    if (gateways.length > 0) {
        risks.push({
            level: "caution",
            sentence:
                `The gateway ${namesOf(gateways)} is restarted, since istiod makes its pods anew with the image ` +
                "of the new proxy or the new settings.",
            titles: titlesOf(gateways),
        });
    }
    const names = [...restarted, ...replaced, ...gateways].map(({ name }) => name);
    if (replaced.length > 0) {
        risks.push({
            level: "caution",
            sentence:
                `The pods of ${namesOf(replaced)} are made anew, since ` +
                `${does(replaced.length, "it is", "they are")} replaced.`,
            titles: titlesOf(replaced),
        });
    }
    if (risks[0]) risks[0] = { ...risks[0], clause: `restarts ${listed(names)}` };
    return [...risks, ...istiodRisks(restarted.filter(isIstiod))];
}

/** What of the pods is another, in a reader's words. */
function restartReason({ before, after }: Resource): string {
    const [old, now] = [imagesOf(before), imagesOf(after)];
    const tags = [...now].flatMap(([container, image]) => {
        const former = old.get(container);
        if (former === undefined || former === image) return [];
        const [from, to] = tagOf(former) === tagOf(image) ? [former, image] : [tagOf(former), tagOf(image)];
        return [`${from} to ${to}`];
    });
    if (tags.length > 0) return `their image goes from ${listed(tags)}`;
    const template = ["spec", "template"] as const;
    const fields = differences(at(before, ...template), at(after, ...template)).map(({ path }) =>
        path.filter((step) => typeof step === "string" && !["spec", "metadata"].includes(step)).join("."),
    );
    if (fields.every((field) => field.includes("checksum/"))) return "their configuration is another";
    return `their pods' ${listed(fields)} ${does(new Set(fields).size, "is", "are")} another`;
}

/** Istiod's Deployment of a gateway has the proxy's image, and what the Gateway says of its infrastructure. */
function restartedGateways({ resources }: Changes): Resource[] {
    const proxy = proxyChange(resources);
    return resources.filter(
        ({ kind, type, verb, before, after }) =>
            kind === "Gateway" &&
            type.includes("gateway.networking.k8s.io") &&
            verb !== "create" &&
            verb !== "delete" &&
            (proxy !== undefined || !isSame(podsOf(before), podsOf(after))),
    );
}

/** The type of its Service stands in there, too, as an annotation that its pods do not have. */
const podsOf = (gateway: unknown): unknown => at(gateway, "spec", "infrastructure");

interface ProxyChange {
    readonly from: string;
    readonly to: string;
    readonly injector: Resource;
}

function proxyChange(resources: readonly Resource[]): ProxyChange | undefined {
    for (const injector of resources) {
        if (injector.kind !== "ConfigMap" || !injector.name.startsWith("istio-sidecar-injector")) continue;
        const [from, to] = [proxyImageOf(injector.before), proxyImageOf(injector.after)];
        if (from !== undefined && to !== undefined && from !== to) return { from, to, injector };
    }
    return undefined;
}

/** Whether the webhooks that istiod answers have an answer all the time. */
function istiodRisks(restarted: readonly Resource[]): Risk[] {
    return restarted.map((istiod) =>
        keepsOne(istiod)
            ? {
                  level: "note",
                  sentence:
                      `The webhooks of ${istiod.name} are answered all the time: its new pod is ready before the ` +
                      "old one goes.",
                  titles: [istiod.title],
              }
            : {
                  level: "caution",
                  sentence:
                      `For the seconds of the restart of ${istiod.name} nobody answers its webhooks: pods with a ` +
                      "sidecar and Istio's objects are refused meanwhile, since its only pod goes before the new " +
                      "one is ready.",
                  titles: [istiod.title],
                  clause: "leaves the webhooks without an answer for seconds",
              },
    );
}

/** By the strategy of the rollout: a share of unavailable pods is rounded down. */
function keepsOne({ after }: Resource): boolean {
    const replicas = Number(at(after, "spec", "replicas") ?? 1);
    if (textAt(after, "spec", "strategy", "type") === "Recreate") return false;
    const unavailable = at(after, "spec", "strategy", "rollingUpdate", "maxUnavailable") ?? "25%";
    const share = typeof unavailable === "string" ? /^(\d+)%$/.exec(unavailable)?.[1] : undefined;
    return replicas - (share === undefined ? Number(unavailable) : Math.floor((replicas * Number(share)) / 100)) > 0;
}

/** Which sidecars stay what they are, or are wanted where none are. */
export function sidecarRisks({ resources }: Changes): Risk[] {
    const risks: Risk[] = [];
    const proxy = proxyChange(resources);
    const injected = resources.filter(({ kind, after }) => kind === "Namespace" && isInjected(after));
    const names = new Set(injected.map(({ name }) => name));
    const left = resources.filter(
        (each) => isWorkload(each) && each.namespace !== undefined && names.has(each.namespace) && each.verb === "keep",
    );
    if (proxy !== undefined) {
        const [from, to] = [tagOf(proxy.from), tagOf(proxy.to)];
        const words = from === to ? [proxy.from, proxy.to] : [from, to];
        risks.push({
            level: "caution",
            sentence:
                `Sidecars stay at ${words[0]} until their pods are renewed (kubectl rollout restart): ` +
                `${left.length > 0 ? `those of ${namesOf(left)}, and ` : ""}those of every other namespace ` +
                `with injection; a pod that starts from then on gets ${words[1]}.`,
            titles: [proxy.injector.title],
            clause: `leaves sidecars at ${words[0]} until their pods are renewed`,
        });
    }
    const istiod = resources.filter((each) => isIstiod(each) && each.verb === "delete");
    if (istiod.length > 0) {
        risks.push({
            level: "danger",
            sentence:
                "The control plane is deleted: sidecars that are left behind keep their last configuration, " +
                "and their certificates run out within a day.",
            titles: titlesOf(istiod),
            clause: "deletes the control plane",
        });
    }
    for (const namespace of resources) {
        if (namespace.kind !== "Namespace" || namespace.verb !== "update") continue;
        const [was, is] = [isInjected(namespace.before), isInjected(namespace.after)];
        if (was === is) continue;
        risks.push({
            level: "caution",
            sentence: is
                ? `Injection is switched on in namespace ${namespace.name}: its running pods have no sidecar ` +
                  `until they are renewed (kubectl rollout restart).`
                : `Injection is switched off in namespace ${namespace.name}: sidecars are left behind in its ` +
                  "running pods until they are renewed, and then they have none.",
            titles: [namespace.title],
            clause: `switches injection ${is ? "on" : "off"} in ${namespace.name}`,
        });
    }
    return risks;
}

function isInjected(namespace: unknown): boolean {
    const labels = at(namespace, "metadata", "labels");
    return isFields(labels) && (labels["istio-injection"] === "enabled" || typeof labels[REVISION_LABEL] === "string");
}

/** What a restart of an addon without a volume forgets, by its name. */
const FORGETS: Readonly<Record<string, string>> = {
    jaeger: "its traces",
    grafana: "what was changed in it",
    prometheus: "its metrics",
};

/** Data that goes: claims, what a pod keeps in itself, and what is older than a shorter time. */
export function dataRisks({ resources, components }: Changes): Risk[] {
    const risks: Risk[] = [];
    const claims = resources.filter(
        ({ kind, verb, stays }) =>
            kind === "PersistentVolumeClaim" && (verb === "replace" || (verb === "delete" && !stays)),
    );
    if (claims.length > 0) {
        risks.push({
            level: "danger",
            sentence:
                `${counted(claims.length, "claim")} (${namesOf(claims)}) ${does(claims.length, "is", "are")} ` +
                `${claims.some(({ verb }) => verb === "replace") ? "replaced" : "deleted"}, and with ` +
                `${does(claims.length, "it", "them")} the data of ` +
                `${does(claims.length, "its volume", "their volumes")}, where the class does not retain it.`,
            titles: titlesOf(claims),
            clause: `deletes the data of ${namesOf(claims)}`,
        });
    }
    const forgetful = resources.filter(
        (each) =>
            isWorkload(each) &&
            each.name in FORGETS &&
            !hasClaim(each) &&
            (isRestarted(each) || each.verb === "replace" || each.verb === "delete"),
    );
    for (const workload of forgetful) {
        risks.push({
            level: "caution",
            sentence: `${workload.name} loses ${FORGETS[workload.name]}: it has no volume, and its pod goes.`,
            titles: [workload.title],
            clause: `${workload.name} loses ${FORGETS[workload.name]}`,
        });
    }
    return [...risks, ...components.flatMap(retentionRisks)];
}

const hasClaim = ({ before }: Resource): boolean =>
    differences(undefined, before).length > 0 && JSON.stringify(before).includes('"persistentVolumeClaim"');

function retentionRisks({ before, after, title }: Resource): Risk[] {
    return ["prometheus", "loki"].flatMap((addon): Risk[] => {
        const [from, to] = [before, after].map((args) => textAt(args, addon, "retention"));
        if (to === undefined || hoursOf(to) >= (from === undefined ? Infinity : hoursOf(from))) return [];
        // Upstream's Prometheus keeps 15 days unless it is told otherwise.
        if (from === undefined && before === undefined) return [];
        return [
            {
                level: "caution",
                sentence: `${addon} deletes what is older than ${to}, which is shorter than ${from ?? "before"}.`,
                titles: [title],
                clause: `${addon} deletes what is older than ${to}`,
            },
        ];
    });
}

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 168, y: 8760 };
const hoursOf = (text: string): number => parseFloat(text) * (HOURS[text.at(-1)!] ?? 1);
