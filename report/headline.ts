import { type Changes, type Kind, type Level, type Resource, type Risk } from "./model";
import { nodePortsOf } from "./risks/exposure";
import { at, textAt } from "./values";
import { counted, listed } from "./words";

/** How many resources are what they were, and how many are not. Components are none: they only hold others. */
export interface Counts {
    readonly created: number;
    readonly updated: number;
    readonly replaced: number;
    readonly deleted: number;
    readonly unchanged: number;
}

export function countsOf({ resources }: Changes): Counts {
    const number = (verb: Resource["verb"]) => resources.filter((resource) => resource.verb === verb).length;
    return {
        created: number("create"),
        updated: number("update"),
        replaced: number("replace"),
        deleted: number("delete"),
        unchanged: number("keep"),
    };
}

/** `6 updated, 80 unchanged`. */
export function countsText(counts: Counts): string {
    const words = Object.entries(counts).filter(([, number]) => number > 0);
    return words.length === 0 ? "nothing" : words.map(([verb, number]) => `${number} ${verb}`).join(", ");
}

/** The program's sentences say what is wrong, and then what to do, which the report has below. */
const whatIsWrong = (refusal: string): string => /^.*?(?=;|\.? *$|\. [A-Z])/m.exec(refusal)?.[0] ?? refusal;

/** More clauses than that are not read in five seconds; the risks below have them all. */
const MOST_CLAUSES = 5;

/** What an operation has done that did not end well. */
const ENDS: Readonly<Record<Kind, string>> = { preview: "refused", up: "failed", drift: "cannot be told" };

/** What happens, in words: the worst first, then what stays. */
export function headlineOf(changes: Changes, risks: readonly Risk[]): string {
    const counts = countsOf(changes);
    const changed = counts.created + counts.updated + counts.replaced + counts.deleted;
    if (changes.refusals.length > 0) {
        const before = changes.kind === "up" && changed > 0 ? `, after ${counted(changed, "change")}` : "";
        return `${ENDS[changes.kind]}${before}: ${whatIsWrong(changes.refusals[0]!)}`;
    }
    if (changes.kind === "drift") return changed === 0 ? "nothing differs" : clausesOf(risks).join("; ");
    if (changed === 0) return "changes nothing";
    const clauses = clausesOf(risks);
    return [
        ...clauses,
        ...(clauses.some((clause) => clause.startsWith("restarts ")) ? [] : ["restarts nothing"]),
        deletionWords(changes.resources),
        ...gatewayWords(changes.resources),
    ].join("; ");
}

function clausesOf(risks: readonly Risk[]): string[] {
    const all = [...new Set(risks.flatMap(({ clause }) => clause ?? []))];
    return all.length <= MOST_CLAUSES
        ? all
        : [...all.slice(0, MOST_CLAUSES), `${counted(all.length - MOST_CLAUSES, "more risk")}`];
}

function deletionWords(resources: readonly Resource[]): string {
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    const anew = objects.filter(({ verb }) => verb === "replace");
    const deleted = objects.filter(({ verb, stays }) => verb === "delete" && !stays);
    const names = deleted.length <= 3 ? listed(deleted.map(({ title }) => title)) : counted(deleted.length, "object");
    const words = [
        ...(deleted.length > 0 ? [`deletes ${names}`] : []),
        ...(anew.length > 0 ? [`makes ${counted(anew.length, "object")} anew`] : []),
    ];
    return words.length === 0 ? "no object is deleted" : words.join("; ");
}

/** The node ports that users know, where the generated Service of a gateway was read and the Gateway stays. */
function gatewayWords(resources: readonly Resource[]): string[] {
    return resources.flatMap((service) => {
        const gateway = at(service.state, "metadata", "labels", "gateway.networking.k8s.io/gateway-name");
        if (service.kind !== "Service" || typeof gateway !== "string") return [];
        const itself = resources.find(
            ({ kind, name, namespace }) => kind === "Gateway" && name === gateway && namespace === service.namespace,
        );
        const patch = resources.find(
            ({ kind, name, namespace }) =>
                kind === "ServicePatch" && name === service.name && namespace === service.namespace,
        );
        const isKept = [itself, patch].every(
            (each) => each === undefined || each.verb === "keep" || (each === itself && sameType(each)),
        );
        const ports = nodePortsOf(service.state).filter(
            (_, index) => at(service.state, "spec", "ports", index, "port") !== STATUS_PORT,
        );
        if (itself === undefined || !isKept || ports.length === 0) return [];
        return [`the gateway keeps port ${listed(ports.map(String))}`];
    });
}

/** Of the generated Service, for load balancers. */
const STATUS_PORT = 15021;

const sameType = ({ verb, before, after }: Resource): boolean =>
    verb === "update" &&
    textAt(before, "metadata", "annotations", "networking.istio.io/service-type") ===
        textAt(after, "metadata", "annotations", "networking.istio.io/service-type");

/** A refusal is no risk: nothing is changed. */
export const levelOf = (changes: Changes, risks: readonly Risk[]): Level =>
    changes.refusals.length > 0 ? "none" : (risks[0]?.level ?? "none");
