export { readRules } from "./read";
export { nodeOf, type RuleSource, type RuleText } from "./source";
