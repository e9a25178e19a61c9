/** The JSONPaths that `kubectl wait` takes: `{.status.phase}`, with `=value` or without. */
import { isProps } from "../../rpc/values";

export interface JsonPathTest {
    /** as the user wrote it */
    text: string;
    matches(object: unknown): { matched: boolean; message: string };
}

type Step = (value: unknown) => unknown[];

/**
 * @param expression e.g. `{.status.phase}=Running` or `{.status.conditions[?(@.type=="Ready")].status}=True`
 * @throws Error when it is malformed
 */
export function parseJsonPath(expression: string): JsonPathTest {
    const match = /^\{\s*(.*?)\s*\}(?:=(.*))?$/s.exec(expression);
    if (expression.startsWith("'")) throw new Error(`${expression} should omit shell quotes`);
    if (!match) throw new Error(`${expression} should be wrapped in brackets { ... }, as {.path} or {.path}=value`);
    const [, path = "", wanted] = match;
    if (wanted === "") throw new Error(`{${path}}= requires a value`);
    const steps = parseSteps(path);
    return {
        text: expression,
        matches: (object) => {
            const [found, ...others] = steps.reduce<unknown[]>((values, step) => values.flatMap(step), [object]);
            if (found === undefined && others.length === 0) return { matched: false, message: `{${path}} selected nothing` };
            if (wanted === undefined) return { matched: true, message: "" };
            const written = typeof found === "object" ? JSON.stringify(found) : String(found);
            return { matched: written === wanted, message: `Waiting for ${expression} (found "${written}")` };
        },
    };
}

function parseSteps(path: string): Step[] {
    const pattern =
        /\$|\.\.?(\*|[^.[\]]+)|\[(?:'([^']*)'|"([^"]*)"|(-?\d+)|(\*)|\?\(\s*@((?:\.[\w-]+)+)\s*(?:==\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*)?\))\]/gy;
    const steps: Step[] = [];
    let rest = 0;
    for (const match of path.startsWith(".") || path.startsWith("$") || path.startsWith("[") ? path.matchAll(pattern) : []) {
        rest = match.index + match[0].length;
        const [whole, name, single, double, index, star, filter, ...literals] = match;
        if (whole.startsWith("..")) break;
        const key = name ?? single ?? double;
        if (whole === "$") continue;
        if (key === "*" || star) steps.push(children);
        else if (key !== undefined) steps.push((value) => (isProps(value) && key in value ? [value[key]] : []));
        else if (index !== undefined) steps.push((value) => itemAt(value, Number(index)));
        else if (filter !== undefined) steps.push(filterStep(filter.slice(1).split("."), literals.find((text) => text !== undefined)));
    }
    if (rest !== path.length || path === "") throw new Error(`parsing "{${path}}": not understood from "${path.slice(rest)}" on`);
    return steps;
}

function children(value: unknown): unknown[] {
    if (Array.isArray(value)) return value;
    return isProps(value) ? Object.values(value) : [];
}

function itemAt(value: unknown, index: number): unknown[] {
    const item = Array.isArray(value) ? value.at(index) : undefined;
    return item === undefined ? [] : [item];
}

function filterStep(path: string[], wanted: string | undefined): Step {
    return (value) =>
        children(value).filter((item) => {
            const found = path.reduce<unknown>((part, key) => (isProps(part) ? part[key] : undefined), item);
            return wanted === undefined ? found !== undefined : found !== undefined && String(found) === wanted;
        });
}
