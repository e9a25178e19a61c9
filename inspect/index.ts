export { InspectError, UsageError } from "./error";
export { type Finding, problemsOf } from "./finding";
export { type InspectOptions, inspectMesh } from "./inspect";
export { type MeshReport, type NatReport, type Section, SECTIONS } from "./report";
export { type TrafficOptions, type TrafficReport } from "./requests";
export { type RuleSource } from "./rules";
