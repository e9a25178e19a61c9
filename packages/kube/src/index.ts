/** What the program and its packages share: access to a cluster, and the names and versions of the release. */
export { type Ask, makeAsk } from "./ask";
export { complaintOf } from "./commandLine";
export { codeOf, reasonOf, UsageError, UserError } from "./errors";
export { registryOf, withRegistry } from "./images";
export { type ClusterReference, loadKubeconfig, type WaysToName } from "./kubeconfig";
export * from "./release";
