import { isProps, type Props } from "../../rpc/values";
import { clone } from "./tree";

/**
 * The part of a live object that the given inputs speak of: what the API server or controllers added is left out.
 * @param live the object as the API server returned it
 * @param shape the inputs whose fields to keep
 */
export function prune(live: Props, shape: Props): Props {
    const result: Props = {};
    for (const [key, value] of Object.entries(live)) {
        if (!(key in shape)) continue;
        result[key] = pruneValue(value, shape[key]);
    }
    return result;
}

function pruneValue(value: unknown, shape: unknown): unknown {
    if (isProps(value) && isProps(shape)) return prune(value, shape);
    if (Array.isArray(value) && Array.isArray(shape)) return pruneList(value, shape);
    return clone(value);
}

function pruneList(live: unknown[], shape: unknown[]): unknown[] {
    const [first] = live;
    const [firstShape] = shape;
    if (first === undefined || firstShape === undefined) return [];
    // Lists of different things cannot be matched item by item.
    if (typeOf(first) !== typeOf(firstShape)) return clone(live);
    return live.slice(0, shape.length).map((item, index) => pruneValue(item, shape[index]));
}

function typeOf(value: unknown): string {
    return Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
}
