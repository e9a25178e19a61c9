import type { CoreV1Event, V1Job } from "@kubernetes/client-node";
import { counted, type Finding, problem, sentenceInside } from "../finding";
import { type ClusterSnapshot, keyOf, type ScopeObjects } from "../snapshot/snapshot";
import type { Scope } from "./scope";

/** The code of the finding that a workload has too few pods. */
export const MISSING_PODS = "workload/missing-pods";

/** What makes pods, as far as it says how many. */
export interface Workload {
    readonly kind: "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job";
    readonly namespace: string;
    readonly name: string;
    readonly wanted: number;
    readonly pods: number;
    /** What the API server said to the last pod that could not be created, by a condition of the workload. */
    readonly why?: string;
    /** Whether it is short for a reason that is its pods' own, such as one that is to be ready before the next. */
    readonly waits?: boolean;
}

/** The workloads of the namespaces that are looked at, but those that are being deleted. */
export function findWorkloads(
    { deployments }: ClusterSnapshot,
    { replicaSets, statefulSets, daemonSets, jobs }: ScopeObjects,
    { namespaces }: Scope,
): Workload[] {
    return [
        ...deployments.map((object) => describe("Deployment", object, replicasOf(object), conditionOf(object))),
        ...replicaSets.map((object) => describe("ReplicaSet", object, replicasOf(object), conditionOf(object))),
        ...statefulSets.map((object) =>
            describe("StatefulSet", object, replicasOf(object), {
                waits: (object.status?.readyReplicas ?? 0) < (object.status?.replicas ?? 0),
            }),
        ),
        ...daemonSets.map(({ metadata, status }) =>
            describe("DaemonSet", { metadata }, [
                status?.desiredNumberScheduled ?? 0,
                status?.currentNumberScheduled ?? 0,
            ]),
        ),
        // Between two tries a Job has no pod for a while.
        ...jobs.map((job) => describe("Job", job, [wantedBy(job), job.status?.active ?? 0], { waits: true })),
    ].filter(({ namespace, ending }) => !ending && namespaces.has(namespace));
}

interface Described {
    readonly metadata?: { readonly namespace?: string; readonly name?: string; readonly deletionTimestamp?: Date };
}

const describe = (
    kind: Workload["kind"],
    { metadata }: Described,
    [wanted, pods]: readonly [number, number],
    more: Pick<Workload, "why" | "waits"> = {},
): Workload & { readonly ending: boolean } => ({
    kind,
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    wanted,
    pods,
    ending: metadata?.deletionTimestamp !== undefined,
    ...more,
});

interface Replicated {
    readonly spec?: { readonly replicas?: number };
    readonly status?: { readonly replicas?: number };
}

const replicasOf = ({ spec, status }: Replicated): readonly [number, number] => [
    spec?.replicas ?? 1,
    status?.replicas ?? 0,
];

interface Conditioned {
    readonly status?: { readonly conditions?: readonly { type: string; status: string; message?: string }[] };
}

/** StatefulSets, DaemonSets and Jobs have no such condition: their controllers tell by Events alone. */
function conditionOf({ status }: Conditioned): Pick<Workload, "why"> {
    const failure = status?.conditions?.find(({ type, status: is }) => type === "ReplicaFailure" && is === "True");
    return failure?.message === undefined ? {} : { why: failure.message };
}

/** Pods that a Job is to have at the same time; none once it has ended or while it is suspended. */
function wantedBy({ spec, status }: V1Job): number {
    const ended = status?.conditions?.some(
        ({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True",
    );
    if (ended || spec?.suspend) return 0;
    const succeeded = status?.succeeded ?? 0;
    const left = spec?.completions === undefined ? (succeeded > 0 ? 0 : Infinity) : spec.completions - succeeded;
    return Math.min(spec?.parallelism ?? 1, left);
}

/** Whether a workload has too few pods, or one that it makes anew cannot be created. */
export const isShort = ({ wanted, pods, why }: Workload): boolean => pods < wanted || why !== undefined;

/**
 * Names the workloads whose pods cannot be created, with what the API server says to them.
 *
 * @param events those by which controllers say that they cannot create a pod
 */
export function checkWorkloads(workloads: readonly Workload[], events: readonly CoreV1Event[]): Finding[] {
    return workloads.filter(isShort).flatMap((workload): Finding[] => {
        const { kind, namespace, name, wanted, pods, waits } = workload;
        const why = workload.why ?? lastFailure(workload, events);
        if (why === undefined && waits) return [];
        const has = pods < wanted ? `has ${pods} of ${counted(wanted, "pod")}` : "cannot create a new pod";
        const reason =
            why === undefined
                ? "and nobody says why: look whether kube-controller-manager runs, and"
                : `because: ${sentenceInside(why)};`;
        return [
            problem(
                MISSING_PODS,
                `${namespace}/${name}`,
                `The ${kind} ${namespace}/${name} ${has}, ${reason} see: kubectl -n ${namespace} describe ` +
                    `${kind.toLowerCase()} ${name}`,
            ),
        ];
    });
}

/** What the last Event says that tells of a pod of this workload which could not be created. */
function lastFailure({ kind, namespace, name }: Workload, events: readonly CoreV1Event[]): string | undefined {
    const at = ({ lastTimestamp, eventTime, metadata }: CoreV1Event) =>
        new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();
    return events
        .filter(
            ({ involvedObject }) =>
                involvedObject.kind === kind && keyOf({ metadata: involvedObject }) === `${namespace}/${name}`,
        )
        .toSorted((a, b) => at(a) - at(b))
        .at(-1)?.message;
}
