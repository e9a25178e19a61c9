export { type ClusterSurvey, type InstalledCrd, surveyCluster } from "./survey";
export { checkLokiStorage, nodeHost } from "./requirements";
