import { formatPatch, structuredPatch } from "diff";
import { stringify } from "yaml";

/** Two objects as one says them beside each other, such as `dev: Service ns/a`. */
export interface PatchNames {
    readonly before: string;
    readonly after: string;
}

/** A patch of two objects in YAML, with three lines around each change; an object that is not there is `undefined`. */
export function yamlPatch(before: unknown, after: unknown, names: PatchNames): string {
    const texts = [yamlOf(before), yamlOf(after)] as const;
    return formatPatch(structuredPatch(names.before, names.after, ...texts, "", "", { context: 3 }));
}

/** YAML with sorted keys, so that their order is no difference; nothing of what is not there. */
export function yamlOf(object: unknown): string {
    return object === undefined ? "" : stringify(object, { sortMapEntries: true, lineWidth: 0 });
}
