import { quote, quoteIfNeeded, quoteString, splitWords, type Words } from "./line";

/** One option of a rule with its values, such as `! -s 10.244.0.0/16`. */
export interface Option {
    /** As written, with its dashes. */
    readonly name: string;
    /** Whether a `!` stands before it. */
    readonly negated: boolean;
    readonly values: readonly string[];
}

/** How often a rule, or a chain's policy, was met. */
export interface Counters {
    readonly packets: number;
    readonly bytes: number;
}

/** One `-A` line of a saved rule set. Every option is kept, in order, whether its meaning is known or not. */
export interface Rule {
    readonly chain: string;
    readonly options: readonly Option[];
    /** Only where the set was saved with counters (`-c`). */
    readonly counters?: Counters;
    /** The line as it was saved, counters left out. */
    readonly text: string;
    /** Its number in the saved text, from 1. */
    readonly line: number;
}

/** Options whose value is a free text, which `iptables-save` quotes by other rules than the rest. */
const STRINGS = new Set(["--comment", "--log-prefix", "--nflog-prefix", "--nfacct-name", "--string", "--hex-string"]);

/**
 * Options that take this many words even where a word begins with a dash. Others take what follows up to the next
 * option.
 */
const WORDS_TAKEN: ReadonlyMap<string, number> = new Map<string, number>([
    ...[
        "-s",
        "-d",
        "-p",
        "-i",
        "-o",
        "-m",
        "-j",
        "-g",
        "--comment",
        "--dport",
        "--sport",
        "--dports",
        "--sports",
        "--probability",
        "--mode",
        "--name",
    ].map((name) => [name, 1] as const),
    ...[
        "--to-destination",
        "--to-source",
        "--set-xmark",
        "--mark",
        "--seconds",
        "--ctstate",
        "--log-prefix",
        "--nflog-prefix",
        "--nfacct-name",
        "--string",
    ].map((name) => [name, 1] as const),
    ["--match-set", 2] as const,
]);

const COUNTERS = /^\[(\d+):(\d+)\] /;

/**
 * Reads a `-A` line of `iptables-save`, with or without counters.
 *
 * @param line the line without its end
 * @param number its number, for messages
 * @returns `undefined` where the line is no rule
 */
export function parseRule(line: string, number = 1): Rule | undefined {
    const found = line[0] === "[" ? COUNTERS.exec(line) : null;
    const text = found ? line.slice(found[0].length) : line;
    if (!text.startsWith("-A ")) return undefined;
    const words = splitWords(text);
    const chain = words.text[1];
    if (chain === undefined) return undefined;
    const options: Option[] = [];
    const count = words.text.length;
    let at = 2;
    while (at < count) {
        const negated = isBang(words, at) && isOption(words, at + 1);
        if (negated) at++;
        const name = words.text[at]!;
        const taken = WORDS_TAKEN.get(name) ?? 0;
        let end = at + 1;
        while (end < count && (end - at <= taken || !startsOption(words, end))) end++;
        options.push(makeOption(name, negated, words.text, at + 1, end));
        at = end;
    }
    return found
        ? { chain, options, counters: { packets: Number(found[1]), bytes: Number(found[2]) }, text, line: number }
        : { chain, options, text, line: number };
}

const DASH = 45;

function isOption({ text, quoted }: Words, at: number): boolean {
    const word = text[at];
    return word !== undefined && word.charCodeAt(0) === DASH && !quoted?.has(at) && /^--?[A-Za-z]/.test(word);
}

const isBang = ({ text, quoted }: Words, at: number) => text[at] === "!" && !quoted?.has(at);
const startsOption = (words: Words, at: number) =>
    isOption(words, at) || (isBang(words, at) && isOption(words, at + 1));

/** Options that most rules share, such as `-m comment`: a large rule set holds each of them once. */
const COMMON = new Set(["-m", "-p", "--dport", "--mode", "--probability", "--dst-type", "--src-type", "--set-xmark"]);
const shared = new Map<string, Map<string, Option>>();
const MOST_SHARED = 10_000;

function makeOption(name: string, negated: boolean, words: readonly string[], from: number, end: number): Option {
    if (negated || end - from !== 1 || !COMMON.has(name)) return { name, negated, values: words.slice(from, end) };
    let values = shared.get(name);
    if (!values) shared.set(name, (values = new Map<string, Option>()));
    const value = words[from]!;
    let option = values.get(value);
    if (!option) {
        option = { name, negated, values: [value] };
        if (values.size < MOST_SHARED) values.set(value, option);
    }
    return option;
}

/** Writes a rule as `iptables-save` prints it; what {@link parseRule} reads of it is the same rule. */
export function formatRule(rule: Pick<Rule, "chain" | "options" | "counters">): string {
    const counters = rule.counters ? `[${rule.counters.packets}:${rule.counters.bytes}] ` : "";
    return `${counters}-A ${rule.chain}${rule.options.map(formatOption).join("")}`;
}

function formatOption({ name, negated, values }: Option): string {
    const taken = WORDS_TAKEN.get(name) ?? 0;
    const written = values.map((value, index) => {
        if (STRINGS.has(name)) return quoteString(value);
        return index >= taken && /^(-|!$)/.test(value) ? quote(value) : quoteIfNeeded(value);
    });
    return `${negated ? " !" : ""} ${[name, ...written].join(" ")}`;
}

/** The option of that name, the last one where it stands twice; `undefined` where there is none. */
export function option(rule: Rule, name: string): Option | undefined {
    for (let at = rule.options.length - 1; at >= 0; at--) {
        if (rule.options[at]!.name === name) return rule.options[at];
    }
    return undefined;
}

/** The first value of the option of that name; `undefined` where it is absent, valueless or negated. */
export function valueOf(rule: Rule, name: string): string | undefined {
    const found = option(rule, name);
    return found?.negated ? undefined : found?.values[0];
}

/** Where the rule sends what it matches: a chain or a verdict; `undefined` where it only counts. */
export const targetOf = (rule: Rule): string | undefined => valueOf(rule, "-j") ?? valueOf(rule, "-g");

/** Whether the rule has no options but these, and none of them negated but those in `negatable`. */
export function hasOnly(rule: Rule, allowed: ReadonlySet<string>, negatable?: ReadonlySet<string>): boolean {
    for (const { name, negated } of rule.options) {
        if (!allowed.has(name) || (negated && !negatable?.has(name))) return false;
    }
    return true;
}
