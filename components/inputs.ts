import * as pulumi from "@pulumi/pulumi";

/** Changes an input. What is known at once stays known at once: of a plain value the result is a plain one. */
export function mapInput<T, U>(input: pulumi.Input<T>, change: (value: T) => U): pulumi.Input<U> {
    if (!pulumi.Output.isInstance(input) && !(input instanceof Promise)) return change(input);
    const later: pulumi.Output<unknown> = pulumi.output(input);
    return later.apply((value) => change(value as T));
}

/** The value of an output; `undefined` where a preview cannot know it: there `apply` alone is never called. */
export async function knownValue<T>(output: pulumi.Output<T>): Promise<T | undefined> {
    // Declared by the SDK for its own use only.
    if (!(await (output as unknown as { isKnown: Promise<boolean> }).isKnown)) return undefined;
    return new Promise((resolve) => output.apply(resolve));
}

/**
 * The value of a provider's input; `pulumi.unknown` where a preview cannot know it.
 *
 * To `apply` an input that was not given is as little known in a preview as one that is yet to come.
 */
export async function givenValue<T>(output: pulumi.Output<T> | undefined): Promise<T | undefined> {
    // Declared by the SDK for its own use only.
    return (output as unknown as { promise(withUnknowns: boolean): Promise<T> } | undefined)?.promise(true);
}
