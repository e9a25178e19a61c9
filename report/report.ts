import { createHash } from "node:crypto";
import { type Counts, countsOf, headlineOf, levelOf } from "./headline";
import { CHANGED_SECRET, maskedPair, maskedText } from "./masking";
import {
    type Changes,
    highest,
    type Kind,
    type Level,
    LEVELS,
    type Resource,
    type Risk,
    type Verb,
    type Writer,
} from "./model";
import { risksOf } from "./risks";
import { canonical, differences, pathText } from "./values";
import { yamlPatch } from "./yamlPatch";

/** What a report says, for programs: the JSON of `preview:report` and `drift`. Nothing in it is secret. */
export interface Report {
    readonly stack: string;
    readonly kind: Kind;
    /** What happens, in words, and one line. */
    readonly headline: string;
    /** The worst of the risks. */
    readonly level: Level;
    readonly counts: Counts;
    /**
     * SHA-256 of the changes, whatever their order and whenever they are looked at: two reports with one digest are of
     * the same changes. Of a secret it knows only that it is another. Absent where it was refused: what would happen is
     * not known then.
     */
    readonly digest?: string;
    /** Why the program or the engine refused; empty where it did not. */
    readonly refusals: readonly string[];
    /** The worst first. */
    readonly risks: readonly Risk[];
    /** The most dangerous first; unchanged resources are not among them. */
    readonly changes: readonly ReportedChange[];
}

export interface ReportedChange {
    readonly title: string;
    readonly urn: string;
    readonly verb: Exclude<Verb, "keep">;
    /** The worst risk that is about it. */
    readonly level: Level;
    /** Paths of the fields that are other ones, such as `spec.ports[0].nodePort`. */
    readonly fields: readonly string[];
    /** Fields because of which it is replaced. */
    readonly because: readonly string[];
    /** Of a drift: who wrote which of the fields, and when. */
    readonly writers: readonly Writer[];
    /** Unified diff of the object in YAML, with three lines around each change. */
    readonly patch: string;
}

export function reportOf(given: Changes): Report {
    const changes = { ...given, refusals: given.refusals.map(maskedText) };
    const risks = risksOf(changes).map((risk) => ({ ...risk, sentence: maskedText(risk.sentence) }));
    const changed = changes.resources
        .filter(({ verb }) => verb !== "keep")
        .map((resource) => reportedChange(resource, risks))
        .sort(byDanger(risks.flatMap(({ titles }) => titles)));
    return {
        stack: changes.stack,
        kind: changes.kind,
        headline: maskedText(headlineOf(changes, risks)),
        level: levelOf(changes, risks),
        counts: countsOf(changes),
        ...(changes.refusals.length === 0 && { digest: digestOf(changed) }),
        refusals: changes.refusals,
        risks,
        changes: changed,
    };
}

function reportedChange(resource: Resource, risks: readonly Risk[]): ReportedChange {
    const { title, urn, verb, type, because, writers, hidden } = resource;
    const shown = maskedPair(resource.before, resource.after, type);
    const about = risks.filter(({ titles }) => titles.includes(title));
    const fields =
        verb === "create" || verb === "delete"
            ? []
            : differences(shown.before, shown.after).map(({ path }) => pathText(path));
    const patch = yamlPatch(shown.before, shown.after, { before: "before", after: "after" }).replace(HEADER, "");
    return {
        title,
        urn,
        verb: verb as ReportedChange["verb"],
        level: highest(about.map(({ level }) => level)),
        fields: [...fields, ...hidden],
        because,
        writers,
        patch: [patch, ...hidden.map((field) => `${field}: ${CHANGED_SECRET}\n`)].join(""),
    };
}

/** Which file is which: here both are one object. */
const HEADER = /^(=+\n)?--- .*\n\+\+\+ .*\n/;

/** In the order in which the risks name them; what none names comes last. */
function byDanger(named: readonly string[]) {
    const place = ({ title }: ReportedChange) => (named.includes(title) ? named.indexOf(title) : named.length);
    return (a: ReportedChange, b: ReportedChange): number =>
        LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || place(a) - place(b) || (a.title < b.title ? -1 : 1);
}

function digestOf(changes: readonly ReportedChange[]): string {
    const each = changes.map(({ urn, verb, because, patch, fields }) =>
        canonical({ urn, verb, because, fields, patch }),
    );
    return createHash("sha256").update(each.sort().join("\n")).digest("hex");
}
