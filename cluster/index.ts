export { CrdInstallation, type InstalledCrd, managedCrds, readCrd } from "./gatewayApi";
export { type ClusterHoldings, readHoldings } from "./holdings";
export { STACK_LABEL, USED_BY_LABEL } from "./marks";
export { type NodeHosts, readNodeHosts } from "./nodeAddress";
export type { Part, PlannedObject } from "./objects";
export { checkRequirements, type PlannedPod, sidecarPod } from "./requirements";
export { checkIdentity, surveyCluster } from "./survey";
export { surveyLokiStorage } from "./storage";
export { prepareInstallation, prepareUpgrade, type ReleaseName } from "./takeOverRelease";
