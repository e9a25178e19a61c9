/** How an object stands in Pulumi's state: the live object's fields, and beside them the inputs it was made from. */
import { Secret, asSecret, containsSecrets, isProps, reveal, type Props } from "../../rpc/values";
import { renameKeys, text, type Tree } from "./tree";

export const INPUTS = "__inputs";
export const INITIAL_API_VERSION = "__initialApiVersion";
export const FIELD_MANAGER = "__fieldManager";

/** JSON schema fields of CRDs whose dashes the SDKs cannot spell. */
const DASHED = new Map(
    [
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ].map((dashed) => [dashed.replaceAll("-", "_"), dashed]),
);
const UNDERSCORED = new Map([...DASHED].map(([underscored, dashed]) => [dashed, underscored]));

/** The object that resource inputs describe: secrets revealed, fields spelled as Kubernetes does. */
export function toObject(props: Props): Tree {
    return renameKeys(reveal(props), DASHED) as Tree;
}

export interface Checkpoint {
    inputs: Tree;
    live: Tree;
}

/** Reads a resource's state. */
export function readCheckpoint(state: Props): Checkpoint {
    const { [INPUTS]: inputs, ...live } = toObject(state);
    return { inputs: isProps(inputs) ? inputs : {}, live };
}

/** Writes a resource's state; what is secret in `from` is secret in it. */
export function writeCheckpoint(
    inputs: Tree,
    live: Tree,
    from: Props,
    meta: { initialApiVersion: string; fieldManager: string },
): Props {
    const state = renameKeys(live, UNDERSCORED) as Props;
    const storedInputs = renameKeys(inputs, UNDERSCORED) as Props;
    markSecrets(state, from);
    markSecrets(storedInputs, from);
    state[INPUTS] = storedInputs;
    state[INITIAL_API_VERSION] = meta.initialApiVersion;
    state[FIELD_MANAGER] = meta.fieldManager;
    return state;
}

/**
 * Marks as secret in `target` what is secret in `source`, as narrowly as objects allow; a list is secret as a whole.
 * A Secret's data always is. Changes `target`.
 */
export function markSecrets(target: Props, source: Props): void {
    if (target["kind"] === "Secret") {
        for (const field of ["data", "stringData"]) {
            if (field in target) target[field] = asSecret(target[field]);
        }
        return;
    }
    for (const [key, sourceValue] of Object.entries(source)) {
        if (!(key in target)) continue;
        const value = target[key];
        if (isProps(value) && isProps(sourceValue)) markSecrets(value, sourceValue);
        else if (!(value instanceof Secret) && containsSecrets(sourceValue)) target[key] = new Secret(value);
    }
}

/** The apiVersion with which the resource was first created. */
export function initialApiVersion(state: Props, inputs: Tree): string {
    return text(state, INITIAL_API_VERSION) || text(inputs, "apiVersion");
}
