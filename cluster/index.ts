export { ClusterError } from "./error";
export { type ClusterReference } from "./kubeconfig";
export { type ClusterSurvey, type InstalledCrd, surveyCluster } from "./survey";
export { checkLokiStorage, nodeHost } from "./requirements";
