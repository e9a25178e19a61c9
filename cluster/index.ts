export { type ClusterHoldings, type InstalledCrd, readHoldings } from "./holdings";
export { STACK_LABEL, USED_BY_LABEL } from "./marks";
export { type NodeHosts, readNodeHosts } from "./nodeAddress";
export type { Part, PlannedObject } from "./objects";
export type { ReleaseName } from "./owner";
export { checkRequirements, type PlannedPod, sidecarPod } from "./requirements";
export { checkIdentity, surveyCluster } from "./survey";
export { surveyLokiStorage } from "./storage";
export { prepareInstallation, prepareUpgrade } from "./takeOverRelease";
