import type { Fields } from "./model";
import { isFields } from "./values";

/** By which Pulumi's protocol tells that a value is not known before the update, and that one is more than it looks. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** As the engine hides a secret. */
export const SECRET = "[secret]";
/** What the provider keeps for itself. */
const INTERNAL = /^__/;

/** Values as people know them: nothing that is the provider's own, no marks of the protocol. */
export function plain(fields: unknown): Fields | undefined {
    return fields === undefined ? undefined : (plainValue(fields) as Fields);
}

function plainValue(value: unknown): unknown {
    if (value === UNKNOWN) return "(known after the update)";
    if (Array.isArray(value)) return value.map(plainValue);
    if (!isFields(value)) return value;
    if (SIGNATURE in value) return SECRET;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key, inner]) => !INTERNAL.test(key) && !(key === "caBundle" && typeof inner === "string"))
            .map(([key, inner]) => [key, plainValue(inner)]),
    );
}
