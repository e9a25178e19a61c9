/** One argument, explained. */
export interface Explained {
    /** As the pod has it, such as `-p`. */
    readonly argument: string;
    readonly value?: string;
    readonly meaning?: string;
}

/**
 * Splits arguments into options with their values: `-p 15001`, `--name=value`, `--flag`.
 * Words that belong to no option stand alone.
 *
 * @param isFlag whether an option takes no value
 */
export function splitArguments(args: readonly string[], isFlag: (option: string) => boolean): Explained[] {
    const explained: Explained[] = [];
    for (let at = 0; at < args.length; at++) {
        const argument = args[at]!;
        const equals = argument.startsWith("-") ? argument.indexOf("=") : -1;
        const next = args[at + 1];
        if (equals > 0) {
            explained.push({ argument: argument.slice(0, equals), value: argument.slice(equals + 1) });
        } else if (
            argument.startsWith("-") &&
            !isFlag(argument) &&
            next !== undefined &&
            !/^-{1,2}[A-Za-z]/.test(next)
        ) {
            explained.push({ argument, value: next });
            at++;
        } else {
            explained.push({ argument });
        }
    }
    return explained;
}

/** Replaces `$(NAME)` as the kubelet does; a name that is not known stays as it is. */
export function expand(text: string, env: Readonly<Record<string, string | undefined>>): string {
    return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string | undefined) =>
        name === undefined ? "$" : (env[name] ?? whole),
    );
}
