/** For others' tests and benchmarks: objects of a cluster, rules as kube-proxy writes them, and a report. */
export { emptySnapshot, node, pod, service, slice } from "./cluster";
export { report } from "./report";
export { type ProxiedPort, ruleSet } from "./rules";
export { mutated } from "./mutation";
