import { isDeepStrictEqual as equal } from "node:util";
import { asSecret, containsUnknowns, type Props, Secret, UNKNOWN } from "../rpc/values";

/** The plugin's own results, beside the inputs. */
export interface Results {
    stdout: string;
    stderr: string;
    assets?: unknown;
    archive?: unknown;
}

/** A resource's state: its inputs, and its results, which are secret if a whole input is. */
export function stateOf(inputs: Props, results: Partial<Results>): Props {
    const secret = Object.values(inputs).some((value) => value instanceof Secret);
    const outputs = Object.entries(results).filter(([, value]) => value !== undefined);
    return {
        ...inputs,
        ...Object.fromEntries(outputs.map(([name, value]) => [name, secret ? asSecret(value) : value])),
    };
}

/** What a preview says of a creation: the results are not yet known. */
export function previewOfCreation(inputs: Props, results: readonly string[]): Props {
    return { ...inputs, ...Object.fromEntries(results.map((name) => [name, UNKNOWN])) };
}

/** What a preview says of an update: the old results, unless the inputs change, which they do. */
export function previewOfUpdate(olds: Props, inputs: Props, results: readonly string[]): Props {
    const changed = Object.keys(inputs).some(
        (name) => containsUnknowns(inputs[name]) || (name in olds && !equal(plain(olds[name]), plain(inputs[name]))),
    );
    if (changed) return previewOfCreation(inputs, results);
    return { ...inputs, ...Object.fromEntries(results.map((name) => [name, olds[name]])) };
}

function plain(value: unknown): unknown {
    return value instanceof Secret ? value.value : value;
}
