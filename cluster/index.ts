export { type ClusterHoldings, type InstalledCrd, readHoldings } from "./holdings";
export { STACK_LABEL, USED_BY_LABEL } from "./marks";
export { type NodeHosts, readNodeHosts } from "./nodeAddress";
export type { Part, PlannedObject } from "./objects";
export { checkRequirements, type PlannedPod, sidecarPod } from "./requirements";
export { checkIdentity, surveyCluster } from "./survey";
export { LOKI_VOLUME, PROMETHEUS_VOLUME, surveyStorage } from "./storage";
export { prepareInstallation, prepareUpgrade, type ReleaseName } from "./takeOverRelease";
