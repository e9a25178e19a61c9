import type { V1Namespace, V1Pod } from "@kubernetes/client-node";
import { REVISION_LABEL } from "@istio-on-pulumi/kube";
import { type Finding, note, problem } from "../finding";
import { keyOf } from "../snapshot/snapshot";
import { type ControlPlane, INJECTION_LABEL } from "./controlPlane";
import { type Injector, isAsked } from "./injectors";
import { workloadOf } from "./pods";
import { injectionLabel } from "./scope";

/** Why a pod has no sidecar though its namespace's workloads should have one. */
export interface Missing {
    /** In a few words, for a table. */
    readonly reason: string;
    readonly finding: Finding;
}

const OPT_OUT = "sidecar.istio.io/inject";

/**
 * Goes through what keeps a sidecar away, in the order in which the injection itself decides: the pod's own wish, the
 * host's network, the namespace's labels, then the time at which the pod was made.
 */
export function whyNoSidecar(
    pod: V1Pod,
    namespace: V1Namespace,
    hooks: readonly Injector[],
    planes: readonly ControlPlane[],
): Missing {
    const key = keyOf(pod);
    const refused = optedOut(pod);
    if (refused)
        return chosen(
            "opted out",
            "injection/opted-out",
            key,
            `The pod ${key} has no sidecar because it opts out by its ${refused}.`,
        );
    if (pod.spec?.hostNetwork)
        return chosen(
            "host network",
            "injection/host-network",
            key,
            `The pod ${key} has no sidecar because it is on the host's network, where none is ever injected.`,
        );

    const name = namespace.metadata?.name ?? "";
    const label = injectionLabel(namespace);
    if (label === `${INJECTION_LABEL}=disabled`)
        return chosen(
            "namespace opted out",
            "injection/opted-out",
            key,
            `The pod ${key} has no sidecar because its namespace has the label ${label}.`,
        );
    if (hooks.length === 0)
        return wrong(
            "no injector",
            "injection/no-sidecar",
            key,
            `The pod ${key} has no sidecar because no webhook of this cluster injects any; install istiod (chart ` +
                `istiod), then ${recreate(pod)}`,
        );
    if (!hooks.some(({ webhooks }) => isAsked(webhooks, namespace, pod.metadata?.labels ?? {}))) {
        const said =
            label === undefined
                ? `lacks the label ${INJECTION_LABEL}=enabled`
                : `asks by ${label} for a revision that no injector serves`;
        return wrong(
            "label missing",
            "injection/no-sidecar",
            key,
            `The pod ${key} has no sidecar because its namespace ${name} ${said}; label the namespace, then ` +
                `${recreate(pod)}`,
        );
    }
    return (
        madeBefore(pod, namespace, hooks, planes) ??
        wrong(
            "not injected",
            "injection/no-sidecar",
            key,
            `The pod ${key} has no sidecar although its namespace asks for one ` +
                `(${label ?? "by the pod's own label"}): istiod did not answer when it was made, or somebody took ` +
                `the sidecar out; ${recreate(pod)}`,
        )
    );
}

/** The label or annotation by which the pod refuses a sidecar; the label counts where both are there. */
function optedOut({ metadata }: V1Pod): string | undefined {
    const label = metadata?.labels?.[OPT_OUT];
    const value = label ?? metadata?.annotations?.[OPT_OUT];
    if (value === undefined || ["", "y", "yes", "true", "on"].includes(value.toLowerCase())) return undefined;
    return `${label === undefined ? "annotation" : "label"} ${OPT_OUT}=${value}`;
}

/** Whether the pod is older than what would have given it a sidecar. */
function madeBefore(
    pod: V1Pod,
    namespace: V1Namespace,
    hooks: readonly Injector[],
    planes: readonly ControlPlane[],
): Missing | undefined {
    const key = keyOf(pod);
    const made = time(pod.metadata?.creationTimestamp);
    if (made === undefined) return undefined;
    const before = (reason: string, what: string, since: number) =>
        wrong(
            reason,
            "injection/no-sidecar",
            key,
            `The pod ${key} has no sidecar because it was made at ${iso(made)}, before ${what} (${iso(since)}); ` +
                `${recreate(pod)}`,
        );
    const istiod = earliest([...hooks.map(({ created }) => created), ...planes.map(({ created }) => created)]);
    if (istiod !== undefined && made < istiod) return before("created before istiod", "istiod was there", istiod);
    const labelled = labelledAt(namespace);
    if (labelled !== undefined && made < labelled)
        return before("created before the label", `its namespace got its label ${injectionLabel(namespace)}`, labelled);
    return undefined;
}

/** When the namespace's label was last set, as the API server keeps it for each field. */
function labelledAt({ metadata }: V1Namespace): number | undefined {
    const set = (metadata?.managedFields ?? []).filter(({ fieldsV1 }) => {
        const labels =
            (fieldsV1 as { "f:metadata"?: { "f:labels"?: object } } | undefined)?.["f:metadata"]?.["f:labels"] ?? {};
        return `f:${INJECTION_LABEL}` in labels || `f:${REVISION_LABEL}` in labels;
    });
    return earliest(set.map(({ time: at }) => at));
}

const time = (date: Date | string | undefined): number | undefined =>
    date === undefined ? undefined : new Date(date).getTime();
const iso = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");

function earliest(dates: readonly (Date | string | undefined)[]): number | undefined {
    const known = dates.map(time).filter((at) => at !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
}

function recreate(pod: V1Pod): string {
    const { kind, name } = workloadOf(pod);
    const { namespace } = pod.metadata ?? {};
    if (kind === "Pod") return `delete it and make it again with: kubectl -n ${namespace} delete pod ${name}`;
    return `recreate it with: kubectl -n ${namespace} rollout restart ${kind.toLowerCase()} ${name}`;
}

const chosen = (reason: string, code: string, subject: string, message: string): Missing => ({
    reason,
    finding: note(code, subject, message),
});
const wrong = (reason: string, code: string, subject: string, message: string): Missing => ({
    reason,
    finding: problem(code, subject, message),
});
