import { Unknown, isProps, reveal, type Props } from "../../rpc/values";
import { detailedDiff, type PropertyChange } from "../resource/detailed-diff";
import { storedInputs } from "./release";
import { threeWayPatch } from "./three-way";

/** Another name or namespace is another release. */
const REPLACE = [".name", ".namespace"];

/** Compares a release's inputs with the ones it was made from and with what it is. */
export function diffRelease(olds: Props, news: Props, ignoreChanges: string[]): Map<string, PropertyChange> {
    const wanted = reveal(news) as Props;
    const state = reveal(olds) as Props;
    const oldInputs = reveal(storedInputs(olds) ?? {}) as Props;
    if (ignoreChanges.includes("version")) wanted["version"] = state["version"];
    // Fields of older states that are no inputs any more.
    delete oldInputs["checksum"];
    delete oldInputs["resourceNames"];
    const patch = threeWayPatch(plain(oldInputs), plain(wanted), plain(state));
    return detailedDiff(patch, state, wanted, oldInputs, REPLACE);
}

/** Unknowns as null, as a patch writes them. */
function plain(props: Props): Props {
    const strip = (value: unknown): unknown => {
        if (value instanceof Unknown) return null;
        if (Array.isArray(value)) return value.map(strip);
        if (!isProps(value)) return value;
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, strip(item)]));
    };
    return strip(props) as Props;
}
