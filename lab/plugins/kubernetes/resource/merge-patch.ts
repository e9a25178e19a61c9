import { Unknown, isProps, type Props } from "../../rpc/values";
import { equal } from "../object/tree";

/**
 * The JSON merge patch (RFC 7386) that turns one object into the other: null deletes, a list is replaced as a whole.
 * An unknown is null as well, because nobody can say yet what it will be.
 */
export function mergePatch(from: Props, to: Props): Props {
    const patch: Props = {};
    for (const [key, value] of Object.entries(to)) {
        const old = from[key];
        if (!(key in from)) patch[key] = plain(value);
        else if (isProps(old) && isProps(value)) {
            const nested = mergePatch(old, value);
            if (Object.keys(nested).length) patch[key] = nested;
        } else if (value instanceof Unknown || !equal(old, value)) patch[key] = plain(value);
    }
    for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
    return patch;
}

function plain(value: unknown): unknown {
    if (value instanceof Unknown) return null;
    if (Array.isArray(value)) return value.map(plain);
    if (!isProps(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
