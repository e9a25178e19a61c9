import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** What `runtime.options` in Pulumi.yaml may say. */
export interface RuntimeOptions {
    /** run TypeScript sources as they are; the default */
    typescript: boolean;
    /** path of the tsconfig.json to use; empty: the program's own */
    tsconfig: string;
    /** arguments for node */
    nodeArgs: string[];
}

/** @throws Error when an option has the wrong type */
export function runtimeOptions(options: Struct | undefined): RuntimeOptions {
    const raw = options?.toJavaScript() ?? {};
    return {
        typescript: option(raw, "typescript", "boolean") ?? true,
        tsconfig: option(raw, "tsconfig", "string") ?? "",
        nodeArgs: splitWords(option(raw, "nodeargs", "string") ?? ""),
    };
}

function option(raw: object, name: string, type: "boolean"): boolean | undefined;
function option(raw: object, name: string, type: "string"): string | undefined;
function option(raw: object, name: string, type: string): unknown {
    const value = (raw as Record<string, unknown>)[name];
    if (value !== undefined && typeof value !== type) {
        throw new Error(`Pulumi.yaml: runtime option ${name} must be a ${type}, not ${JSON.stringify(value)}.`);
    }
    return value;
}

/** Splits a command line into words; quotes keep a word together. */
export function splitWords(text: string): string[] {
    const words = text.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
    return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
