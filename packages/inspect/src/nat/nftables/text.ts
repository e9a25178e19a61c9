/**
 * nft's JSON in nft's own language. Not each of its statements is known here; what is not stays JSON, so that nothing
 * is lost.
 *
 * @see libnftables-json(5)
 */

export const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);

const VERDICTS = new Set(["accept", "drop", "continue", "return"]);
const OPERATORS = new Set(["&", "|", "^", "<<", ">>"]);
/** Keys of `meta` that nft writes without that word. */
const BARE = /^(iif|oif)(name|type|group)?$/;

/** A statement of a rule. */
export function formatStatement(statement: unknown): string {
    const [kind, given] = only(statement);
    switch (kind) {
        case "match":
            return isObject(given) ? formatMatch(given) : unknown(statement);
        case "mangle":
            return isObject(given)
                ? `${formatExpression(given.key)} set ${formatExpression(given.value)}`
                : unknown(statement);
        case "dnat":
        case "snat":
        case "masquerade":
        case "redirect":
            return formatNat(kind, isObject(given) ? given : {});
        case "reject":
            return isObject(given)
                ? ["reject with", given.type, given.expr].filter((word) => typeof word === "string").join(" ")
                : "reject";
        case "counter":
            return isObject(given)
                ? `counter packets ${String(given.packets)} bytes ${String(given.bytes)}`
                : `counter${typeof given === "string" ? ` name ${given}` : ""}`;
        case "set":
            return isObject(given)
                ? `${String(given.op)} ${String(given.set)} { ${formatExpression(given.elem)} }`
                : unknown(statement);
        default:
            return formatExpression(statement);
    }
}

function formatMatch({ op, left, right }: Record<string, unknown>): string {
    // A comparison of bits says so; else equality is what nothing means.
    const silent = op === "in" || (op === "==" && !OPERATORS.has(only(left)[0] ?? ""));
    return [formatExpression(left), ...(silent ? [] : [String(op)]), formatExpression(right)].join(" ");
}

function formatNat(kind: string, { addr, port, flags }: Record<string, unknown>): string {
    const address = addr === undefined ? "" : formatExpression(addr);
    const host = address.includes(":") && !address.includes(" ") ? `[${address}]` : address;
    const to = `${host}${port === undefined ? "" : `:${formatExpression(port)}`}`;
    return [kind, ...(to === "" ? [] : ["to", to]), ...(flags === undefined ? [] : [formatExpression(flags)])].join(
        " ",
    );
}

/** A value, what a value is compared with, or a verdict. */
export function formatExpression(expression: unknown): string {
    if (typeof expression === "string" || typeof expression === "number") return String(expression);
    if (Array.isArray(expression)) return expression.map(formatExpression).join(",");
    const [kind, given] = only(expression);
    if (kind === undefined) return unknown(expression);
    if (VERDICTS.has(kind)) return kind;
    if (Array.isArray(given)) return formatList(kind, given) ?? unknown(expression);
    return (isObject(given) ? formatObject(kind, given) : undefined) ?? unknown(expression);
}

function formatList(kind: string, given: readonly unknown[]): string | undefined {
    if (kind === "set")
        return `{ ${given
            .map((each) => (Array.isArray(each) ? each.map(formatExpression).join(" : ") : formatExpression(each)))
            .join(", ")} }`;
    const words = given.map(formatExpression);
    if (kind === "concat") return words.join(" . ");
    if (kind === "range") return words.join("-");
    return OPERATORS.has(kind) ? words.join(` ${kind} `) : undefined;
}

function formatObject(kind: string, given: Record<string, unknown>): string | undefined {
    switch (kind) {
        case "jump":
        case "goto":
            return `${kind} ${String(given.target)}`;
        case "payload":
            return typeof given.protocol === "string"
                ? `${given.protocol} ${String(given.field)}`
                : `@${String(given.base)},${String(given.offset)},${String(given.len)}`;
        case "meta":
            return BARE.test(String(given.key)) ? String(given.key) : `meta ${String(given.key)}`;
        case "ct":
            return `ct ${String(given.key)}`;
        case "fib":
            return `fib ${[given.flags].flat().join(" . ")} ${String(given.result)}`;
        case "prefix":
            return `${formatExpression(given.addr)}/${String(given.len)}`;
        case "numgen":
            return `numgen ${String(given.mode)} mod ${String(given.mod)}${
                given.offset ? ` offset ${formatExpression(given.offset)}` : ""
            }`;
        case "vmap":
        case "map":
            return `${formatExpression(given.key)} ${kind} ${formatExpression(given.data)}`;
        case "elem":
            return formatExpression(given.val);
        default:
            return undefined;
    }
}

/** The one key of an object, and its value. */
function only(value: unknown): readonly [string | undefined, unknown] {
    const entries = isObject(value) ? Object.entries(value) : [];
    return entries.length === 1 ? entries[0]! : [undefined, undefined];
}

const unknown = (value: unknown): string => JSON.stringify(value);
