import { resolve } from "node:path";

/**
 * What a parser of command lines (Commander) has to complain about as one sentence, with where its options are told.
 *
 * @param help the command that prints them, such as `npm run lab -- --help`
 */
export function complaintOf({ message }: Error, help: string): string {
    const [text = "", suggestion = ""] = message.replace(/^error: /, "").split("\n");
    const near = /Did you mean (?:one of )?(.*)\?/.exec(suggestion)?.[1];
    const meant = near === undefined ? "" : ` (did you mean ${near.replace(/, (?=[^,]*$)/, " or ")}?)`;
    return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, "")}${meant}; see: ${help}`;
}

/** A path as the user means it: npm runs a script in the package's root, whatever the directory that the user is in. */
export const fromCaller = (path: string): string => resolve(process.env.INIT_CWD ?? ".", path);
