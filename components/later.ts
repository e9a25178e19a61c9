import * as pulumi from "@pulumi/pulumi";
import { UserError } from "@istio-on-pulumi/kube";

const unfinished = new WeakMap<pulumi.ComponentResource, Promise<unknown>>();

/**
 * Makes children that follow from something which has to be read first; `whenFinished` is for the component's
 * `initialize`, so that what depends on the component waits for these children too.
 *
 * @returns what `make` returns; registering an output of it keeps the program waiting
 */
export function makeLater<T>(component: pulumi.ComponentResource, make: () => Promise<T>): Promise<T> {
    const making = inPlainWords(component, make());
    unfinished.set(component, making);
    return making;
}

/**
 * What was made, for the component's outputs.
 *
 * Nothing where it failed: the failure is told once, by `initialize`, and not again for each output.
 */
export function outputOf<T>(making: Promise<Partial<T>>): pulumi.Output<pulumi.Unwrap<Partial<T>>> {
    return pulumi.output(making.catch((): Partial<T> => ({})));
}

/** Ends when the children that `makeLater` makes are registered. The SDK asks before the constructor can make any. */
export async function whenFinished(component: pulumi.ComponentResource): Promise<void> {
    await Promise.resolve();
    await unfinished.get(component);
}

/** What the user can mend reaches the user as its sentence alone, where the program itself cannot catch it. */
export function inPlainWords<T>(component: pulumi.ComponentResource, reading: Promise<T>): Promise<T> {
    return reading.catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        const refusal = new pulumi.ResourceError(error.message, component, true);
        // A stack that names a scoped package takes the SDK many seconds to print.
        refusal.stack = undefined;
        throw refusal;
    });
}
