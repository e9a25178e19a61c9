import { counted, type Finding, listed, note } from "../finding";
import { type ClusterSnapshot, keyOf, type ScopeObjects } from "../snapshot/snapshot";
import { hasEnded, workloadOf } from "./pods";
import { matches } from "./selector";

/** Notes the PodDisruptionBudgets that allow no eviction at present: `kubectl drain` asks again and never ends. */
export function checkBudgets({ pods }: ClusterSnapshot, { budgets }: ScopeObjects): Finding[] {
    return budgets.flatMap(({ metadata, spec, status }): Finding[] => {
        if (!status || status.disruptionsAllowed > 0 || status.expectedPods === 0) return [];
        const key = keyOf({ metadata });
        const own = pods.filter(
            (pod) =>
                pod.metadata?.namespace === metadata?.namespace &&
                spec?.selector !== undefined &&
                matches(spec.selector, pod.metadata?.labels ?? {}) &&
                !hasEnded(pod),
        );
        const names = [...new Set(own.map(workloadOf).map(({ kind, name }) => `${kind} ${name}`))];
        const { currentHealthy, desiredHealthy, expectedPods } = status;
        const of = `${listed(names)} ${names.length > 1 ? "have" : "has"} ${counted(expectedPods, "replica")}`;
        const more =
            typeof spec?.minAvailable === "number" ? `run more than ${counted(desiredHealthy, "replica")}, or ` : "";
        const outcome =
            desiredHealthy >= expectedPods
                ? `it wants ${desiredHealthy} healthy, so kubectl drain of a node with one of them never ends; ` +
                  `${more}change the budget before a drain.`
                : `${currentHealthy} healthy where it wants ${desiredHealthy}, so kubectl drain of a node with one of ` +
                  "them waits until more are.";
        return [
            note("workload/budget", key, `The PodDisruptionBudget ${key} allows no disruption: ${of}, and ${outcome}`),
        ];
    });
}
