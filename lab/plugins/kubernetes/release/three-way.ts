import { isProps, type Props } from "../../rpc/values";
import { equal } from "../object/tree";

/**
 * The patch that brings `current` to `modified`: additions and changes against what is, deletions against what was
 * once asked for. null deletes, a list is replaced as a whole.
 */
export function threeWayPatch(original: Props, modified: Props, current: Props): Props {
    const patch: Props = {};
    for (const [key, value] of Object.entries(modified)) {
        const now = current[key];
        const before = original[key];
        if (isProps(value) && isProps(now)) {
            const nested = threeWayPatch(isProps(before) ? before : {}, value, now);
            if (Object.keys(nested).length) patch[key] = nested;
        } else if (!(key in current) || !equal(value, now)) patch[key] = value;
    }
    for (const key of Object.keys(original)) if (!(key in modified)) patch[key] = null;
    return patch;
}
