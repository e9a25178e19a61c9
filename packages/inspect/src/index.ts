export { type Finding, note, problem, problemsOf } from "./finding";
export { inspectMesh, type InspectOptions } from "./inspect";
export { type MeshReport, type NatReport, type Section, SECTIONS } from "./report";
export { type TrafficOptions, type TrafficReport } from "./traffic";
export { type RuleSource } from "./rules";
export { joinServices } from "./join";
export { parseSave, readNat } from "./nat";
export { type ClusterSnapshot } from "./snapshot/snapshot";
