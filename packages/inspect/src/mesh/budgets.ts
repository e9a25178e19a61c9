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
        const remedy =
            desiredHealthy >= expectedPods
                ? `it wants all of them healthy, so kubectl drain never ends on their nodes; run more replicas than ` +
                  `${desiredHealthy}, or change the budget, before a node is drained.`
                : `${currentHealthy} of them are healthy and it wants ${desiredHealthy}, so kubectl drain waits on ` +
                  `their nodes until more are.`;
        return [
            note("workload/budget", key, `The PodDisruptionBudget ${key} allows no disruption: ${of}, and ${remedy}`),
        ];
    });
}
