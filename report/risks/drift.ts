import { maskedPair } from "../masking";
import type { Changes, Resource, Risk } from "../model";
import { at, differences, pathText } from "../values";

/** What differs from what the stack's last operation has left, object by object. */
export function driftRisks({ resources }: Changes): Risk[] {
    return resources.flatMap((resource): Risk[] => {
        switch (resource.verb) {
            case "delete":
                return [
                    {
                        level: "danger",
                        sentence: `${resource.title} is gone: somebody has deleted it.`,
                        titles: [resource.title],
                        clause: `${resource.title} is gone`,
                    },
                ];
            case "update":
                return changedFields(resource);
            default:
                return [];
        }
    });
}

function changedFields({ title, type, before, after, writers }: Resource): Risk[] {
    const shown = maskedPair(before, after, type);
    return differences(before, after).map(({ path }): Risk => {
        const field = pathText(path);
        const writer = writers.find((each) => each.field === field);
        const who = writer ? `, written by ${writer.manager}${writer.time ? ` at ${writer.time}` : ""}` : "";
        return {
            level: "caution",
            sentence:
                `${title}: ${field} is ${brief(at(shown.after, ...path))}, not ` +
                `${brief(at(shown.before, ...path))}${who}.`,
            titles: [title],
            clause: `${title} has another ${field}`,
        };
    });
}

/** A value inside a sentence; of a long one only that there is one, for the patch shows it. */
function brief(value: unknown): string {
    if (value === undefined) return "absent";
    const text = JSON.stringify(value);
    return text.length > 60 ? "another text" : text;
}
