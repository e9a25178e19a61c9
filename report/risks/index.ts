import { type Changes, LEVELS, type Risk } from "../model";
import { driftRisks } from "./drift";
import { exposureRisks } from "./exposure";
import { crdRisks, namespaceRisks, otherLosses, providerRisks, webhookRisks } from "./lifecycle";
import { dataRisks, restartRisks, sidecarRisks } from "./pods";
import { versionRisks } from "./versions";

/** What a reader should mind, the worst first; of equals in the order in which the rules stand here. */
export function risksOf(changes: Changes): Risk[] {
    const byLevel = (a: Risk, b: Risk) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);
    if (changes.kind === "drift") return driftRisks(changes).sort(byLevel);
    const special = [
        ...providerRisks(changes),
        ...namespaceRisks(changes),
        ...crdRisks(changes),
        ...webhookRisks(changes),
        ...dataRisks(changes),
        ...versionRisks(changes),
        ...sidecarRisks(changes),
    ];
    const told = new Set(special.filter(({ level }) => level !== "note").flatMap(({ titles }) => titles));
    const risks = [...special, ...otherLosses(changes, told), ...exposureRisks(changes), ...restartRisks(changes)];
    return risks.sort(byLevel);
}
