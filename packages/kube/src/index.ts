/** What the program and its packages share: access to a cluster, and the names and versions of the release. */
export {
    type Absence,
    type Answer,
    type Asking,
    type ClusterClient,
    type ObjectMetadata,
    openCluster,
    RefusedError,
    type Selection,
} from "./cluster-client";
export { complaintOf, fromCaller } from "./commandLine";
export { codeOf, reasonOf, UsageError, UserError } from "./errors";
export { registryOf, withRegistry } from "./images";
export { type ClusterReference, isKubeconfigText, type WaysToName } from "./kubeconfig";
export * from "./release";
export { plainValue } from "./yaml";
