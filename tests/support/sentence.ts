import * as pulumi from "@pulumi/pulumi";
import { expect } from "vitest";
import { type RunOptions, tryProgram } from "./program";

/** Longer than a reader takes in at once; what lists many things has a line for each. */
const LONGEST = 600;
/** In milliseconds; a machine that is busy with other tests is given time. */
const AT_ONCE = 10_000;
/** What only a bug prints. */
const BUG = /\bundefined\b|\[object |\bNaN\b|(Type|Reference|Syntax|Range)Error|^\s+at .*:\d+:\d+/m;
/** Where a sentence says what to do: a verb in the imperative at the begin of a part of it. */
const REMEDY =
    /(?:^|[;:.,(] |, or |, and |\bor )"?(?:add|allow|adapt|ask|build|change|check|choose|correct|have|if this machine cannot|install|keep|let|log in|make|move|name|put|read|remove|repair|replace|run|say so|set|try|upgrade|update|use|wait|write|expose|did you mean)\b/i;

/**
 * Holds a failure against what every sentence of the program promises: what is wrong, where, and what to do, without a
 * trace of the program's inside.
 *
 * @param holds the cause, the place and what else this case's sentence must name
 */
export function expectSentence(failure: unknown, ...holds: (string | RegExp)[]): void {
    const text = failure instanceof Error ? failure.message : String(failure);
    for (const each of holds) {
        if (typeof each === "string") expect(text).toContain(each);
        else expect(text).toMatch(each);
    }
    expect(text).not.toMatch(BUG);
    expect(text, "what to do").toMatch(REMEDY);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(LONGEST);
}

/** Runs the program, which must refuse its input by such a sentence, at once, and before anything of it is made. */
export async function expectRefused(
    settings: Readonly<Record<string, unknown>>,
    options: RunOptions,
    says: readonly (string | RegExp)[],
): Promise<void> {
    const begun = Date.now();
    const { failure, recording } = await tryProgram(settings, options);
    expect(pulumi.RunError.isInstance(failure)).toBe(true);
    expectSentence(failure, ...says);
    expect(recording.objects).toEqual([]);
    expect(Date.now() - begun).toBeLessThan(AT_ONCE);
}
