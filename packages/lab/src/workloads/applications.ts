import type { Application } from "./application";
import { details } from "./details";
import { echo } from "./echo";
import { jaeger } from "./jaeger/jaeger";
import { productpage } from "./productpage/productpage";
import { ratings } from "./ratings";
import { reviews, STARS_BY_VERSION } from "./reviews";
import type { Settings } from "./settings";
import { UsageError } from "./usage-error";

/** What a process runs. */
export interface Workload {
    readonly name: string;
    /** Whether it listens on all ports of the settings, not on the first alone. */
    readonly allPorts: boolean;
    /** Whether it serves on for a while when its pod goes away; Jaeger ends at once. */
    readonly servesOn: boolean;
    readonly create: (settings: Settings) => Application;
}

interface Kind {
    /** Empty where there is but one, which has no name. */
    readonly versions: readonly string[];
    /** Whether the version must be named. */
    readonly choose?: boolean;
    readonly allPorts?: boolean;
    readonly servesOn?: boolean;
    readonly create: (settings: Settings, version: string | undefined) => Application;
}

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
    ["productpage", { versions: ["v1"], create: productpage }],
    ["details", { versions: ["v1"], create: details }],
    ["ratings", { versions: ["v1"], create: ratings }],
    ["reviews", { versions: Object.keys(STARS_BY_VERSION), choose: true, create: reviews }],
    ["jaeger", { versions: [], allPorts: true, servesOn: false, create: (settings) => jaeger(settings) }],
    ["echo", { versions: [], allPorts: true, create: echo }],
]);

/**
 * The workload that the arguments `<application> [version]` name.
 * @throws UsageError if they name none.
 */
export function workloadFor([name = "", version, ...rest]: readonly string[]): Workload {
    const kind = KINDS.get(name);
    if (!kind) {
        const problem = name === "" ? "No application is named" : `"${name}" is no application`;
        throw new UsageError(`${problem}: give one of ${[...KINDS.keys()].join(", ")}.`);
    }
    const { versions, choose = false, allPorts = false, servesOn = true, create } = kind;
    const known = version === undefined ? !choose : versions.includes(version);
    if (!known) {
        const allowed = versions.length === 0 ? "none" : `${choose ? "" : "none or "}${versions.join(", ")}`;
        const problem = version === undefined ? `${name} needs a version` : `"${version}" is no version of ${name}`;
        throw new UsageError(`${problem}: give ${allowed}.`);
    }
    if (rest.length > 0)
        throw new UsageError(`"${rest.join(" ")}" is too much: give an application and a version, such as reviews v2.`);
    return { name, allPorts, servesOn, create: (settings) => create(settings, version) };
}
