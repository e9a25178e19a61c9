import type { Changes, Resource, Risk } from "../model";
import { textAt } from "../values";
import { counted, does, listed, namesOf, titlesOf } from "../words";
import { goes, isGone, isWebhook } from "./objects";

/** Which cluster it is decides on all else. */
export function providerRisks({ resources }: Changes): Risk[] {
    return resources
        .filter(({ type, verb }) => type === "pulumi:providers:kubernetes" && (verb === "replace" || verb === "delete"))
        .map(({ title }) => ({
            level: "danger",
            sentence: "The stack goes to another cluster: every object is made there, and what is here is let go of.",
            titles: [title],
            clause: "moves to another cluster",
        }));
}

export function namespaceRisks({ resources }: Changes): Risk[] {
    return resources
        .filter((resource) => resource.kind === "Namespace" && goes(resource))
        .map((namespace) => {
            const { name } = namespace;
            const successor = textAt(namespace.after, "metadata", "name");
            const instead = successor === undefined || successor === name ? "" : `, and ${successor} is made instead`;
            const inside = resources.filter(({ before }) => textAt(before, "metadata", "namespace") === name);
            return {
                level: "danger",
                sentence:
                    `Namespace ${name} is deleted with all that is in it: ${counted(inside.length, "object")} of this ` +
                    `stack, and whatever others have put there${instead}, since ${reasonOf(namespace)}.`,
                titles: [namespace.title, ...titlesOf(inside.filter(goes))],
                clause: `deletes namespace ${name} with all that is in it${instead === "" ? "" : ` and makes ${successor}`}`,
            };
        });
}

export function crdRisks({ resources }: Changes): Risk[] {
    const crds = resources.filter(({ kind }) => kind === "CustomResourceDefinition");
    const leaving = crds.filter(goes);
    const risks: Risk[] = [];
    if (leaving.length > 0) {
        risks.push({
            level: "danger",
            sentence:
                `${counted(leaving.length, "CRD")} (${namesOf(leaving)}) ${does(leaving.length, "is", "are")} deleted, ` +
                "and with them every object of their kinds in the whole cluster, whoever made it.",
            titles: titlesOf(leaving),
            clause: `deletes ${counted(leaving.length, "CRD")} with every object of their kinds`,
        });
    }
    const kept = crds.filter(({ verb, stays }) => verb === "delete" && stays);
    if (kept.length > 0) {
        risks.push({
            level: "note",
            sentence:
                `${counted(kept.length, "CRD")} (${namesOf(kept)}) stay in the cluster: the stack only lets go of ` +
                "them.",
            titles: titlesOf(kept),
        });
    }
    const changed = crds.filter(({ verb }) => verb === "update");
    if (changed.length > 0) {
        risks.push({
            level: "caution",
            sentence:
                `${counted(changed.length, "CRD")} (${namesOf(changed)}) ${does(changed.length, "changes", "change")} in ` +
                "place: from then on objects of these kinds are checked by the new schema, those of others too.",
            titles: titlesOf(changed),
            clause: `changes ${counted(changed.length, "CRD")}`,
        });
    }
    return [...risks, ...releaseRisks(resources)];
}

/** Chart `base` holds Istio's CRDs, and a preview shows it as one resource. */
function releaseRisks(resources: readonly Resource[]): Risk[] {
    return resources
        .filter(({ type, verb }) => type === "kubernetes:helm.sh/v3:Release" && verb !== "keep" && verb !== "create")
        .map((release) =>
            release.verb === "update"
                ? {
                      level: "caution",
                      sentence:
                          `The Helm release ${release.name}, which holds Istio's CRDs, is upgraded in place: ` +
                          "objects of their kinds are checked by the new schemas.",
                      titles: [release.title],
                      clause: upgradeOf(release),
                  }
                : {
                      level: "danger",
                      sentence:
                          `The Helm release ${release.name} is uninstalled, since ${reasonOf(release)}: its CRDs ` +
                          "stay where the chart says so, all else of it goes, and CRDs that it does not keep take " +
                          "every object of their kinds along.",
                      titles: [release.title],
                      clause: `uninstalls the release ${release.name}`,
                  },
        );
}

/** The release has the version of Istio's charts. */
function upgradeOf({ name, before, after }: Resource): string {
    const [from, to] = [textAt(before, "version"), textAt(after, "version")];
    if (from === undefined || to === undefined || from === to) return `changes the release ${name}`;
    return `takes Istio's CRDs from ${from} to ${to}`;
}

export function webhookRisks({ resources }: Changes): Risk[] {
    const webhooks = resources.filter(isWebhook);
    const effect = ({ kind }: Resource) =>
        kind === "MutatingWebhookConfiguration" ? "pods that start get no sidecar" : "nothing checks Istio's objects";
    const gone = webhooks.filter((webhook) => goes(webhook) && isGone(webhook));
    const replaced = webhooks.filter(({ verb }) => verb === "replace");
    const changed = webhooks.filter(({ verb }) => verb === "update");
    return [
        ...gone.map((webhook): Risk => ({
            level: "danger",
            sentence: `The webhook ${webhook.name} is deleted: from then on ${effect(webhook)}.`,
            titles: [webhook.title],
            clause: `deletes the webhook ${webhook.name}`,
        })),
        ...replaced.map((webhook): Risk => ({
            level: "danger",
            sentence:
                `The webhook ${webhook.name} is replaced, since ${reasonOf(webhook)}: for the seconds until the ` +
                `new one is there and istiod has written its certificate into it ${effect(webhook)}.`,
            titles: [webhook.title],
            clause: `is without the webhook ${webhook.name} for seconds`,
        })),
        ...(changed.length > 0
            ? [
                  {
                      level: "caution" as const,
                      sentence:
                          `${counted(changed.length, "webhook")} (${namesOf(changed)}) ` +
                          `${does(changed.length, "changes", "change")} in place: at no time ` +
                          `${does(changed.length, "is it", "are they")} away, but what ` +
                          `${does(changed.length, "it applies", "they apply")} to may be something else.`,
                      titles: titlesOf(changed),
                  },
              ]
            : []),
    ];
}

/**
 * Deletions and replacements of which no other rule has more to say.
 *
 * @param told titles that the other rules have named as gone or replaced
 */
export function otherLosses({ resources }: Changes, told: ReadonlySet<string>): Risk[] {
    const others = resources.filter(({ title, type }) => !told.has(title) && type.startsWith("kubernetes:"));
    const deleted = others.filter((resource) => resource.verb === "delete" && !resource.stays);
    const replaced = others.filter(({ verb }) => verb === "replace");
    const risks: Risk[] = [];
    if (deleted.length > 0) {
        risks.push({
            level: "caution",
            sentence:
                `${listed(titlesOf(deleted))} ${does(deleted.length, "is", "are")} deleted, since the program has ` +
                `${does(deleted.length, "it", "them")} no longer.`,
            titles: titlesOf(deleted),
        });
    }
    for (const resource of replaced) {
        risks.push({
            level: "danger",
            sentence:
                `${resource.title} is replaced, since ${reasonOf(resource)}: the old one goes ` +
                `${resource.goesFirst ? "before the new one comes" : "when the new one is there"}.`,
            titles: [resource.title],
            clause: `replaces ${resource.title}`,
        });
    }
    return risks;
}

function reasonOf({ verb, because }: Resource): string {
    if (verb === "delete") return "the program has it no longer";
    return because.length === 0 ? "it cannot be changed in place" : `${listed(because)} cannot be changed in place`;
}
