export { readNodeRules } from "./node";
export { hostsOf, readRules } from "./read";
export { nodeByHost, nodeOf, type RuleSource, type RuleText } from "./source";
