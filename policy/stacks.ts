/** Names that production's stacks have by custom. `*` stands for any text. */
export const PRODUCTION = ["prod", "prod-*", "*-prod", "production", "production-*", "*-production"];
export const DEVELOPMENT = ["dev", "dev-*", "*-dev"];

/** Whether a name is one of those that patterns stand for. */
export function matches(name: string, patterns: readonly string[]): boolean {
    return patterns.some((pattern) => new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`, "s").test(name));
}

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/** The stack of a resource: `urn:pulumi:<stack>::<project>::...`. */
export const stackOf = (urn: string): string => /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? "";
