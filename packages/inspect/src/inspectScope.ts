import { type Finding, note } from "./finding";
import { checkBudgets } from "./mesh/budgets";
import { checkCilium, CILIUM_CONFIG } from "./mesh/cilium";
import { type InjectionReport, inspectInjection } from "./mesh/injection";
import { rootCertificates } from "./mesh/injectors";
import { checkKiali, kialiConfigs } from "./mesh/kiali";
import type { Scope } from "./mesh/scope";
import { checkWorkloads, findWorkloads, isShort } from "./mesh/workloads";
import type { Connection } from "./snapshot/connect";
import { readFailures, readScope } from "./snapshot/readScope";
import type { ClusterSnapshot } from "./snapshot/snapshot";

/** What the namespaces that are looked at hold and lack. */
export interface ScopeInspection {
    readonly injection: InjectionReport;
    readonly workloads: number;
    /** On workloads, their budgets, and what stands beside the mesh; those of the injection are its own. */
    readonly findings: readonly Finding[];
}

/** Reads the scope's own objects, and holds what is there against what should be. */
export async function inspectScope(
    { client }: Connection,
    snapshot: ClusterSnapshot,
    scope: Scope,
    everywhere = false,
): Promise<ScopeInspection> {
    const refused = new Set<string>();
    const objects = await readScope(
        client,
        everywhere ? "all" : scope.namespaces,
        [CILIUM_CONFIG, ...rootCertificates(snapshot), ...kialiConfigs(scope)],
        refused,
    );
    const workloads = findWorkloads(snapshot, objects, scope);
    // Events are many: those of a namespace are read only where a workload needs them.
    const unexplained = workloads.filter((workload) => isShort(workload) && workload.why === undefined);
    const events = await readFailures(client, new Set(unexplained.map(({ namespace }) => namespace)), refused);
    return {
        injection: inspectInjection(snapshot, scope, objects.configMaps),
        workloads: workloads.length,
        findings: [
            ...[...refused].toSorted().map(refusal),
            ...checkWorkloads(workloads, events),
            ...checkBudgets(snapshot, objects),
            ...checkCilium(objects.configMaps, snapshot.pods),
            ...checkKiali(snapshot, scope, objects.configMaps),
        ],
    };
}

/** That this user may not read a kind. */
export const refusal = (kind: string): Finding =>
    note("cluster/refused", kind, `This user may not list ${kind}, so what depends on them was not looked at.`);
