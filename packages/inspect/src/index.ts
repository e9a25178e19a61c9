/** The inspections as a library: {@link inspectMesh} reads, joins and checks, and its report is plain data. */
export { note, problem } from "./finding";
export { inspectMesh, type InspectOptions } from "./inspect";
export { joinServices } from "./join";
export { parseSave, readNat } from "./nat";
export { type MeshReport } from "./report";
export { type ClusterSnapshot } from "./snapshot/snapshot";
