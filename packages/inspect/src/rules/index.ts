export { readNodeRules } from "./node";
export { hostsOf, readRules } from "./read";
export { nodeByHost, nodeOf, type RuleSource } from "./source";
