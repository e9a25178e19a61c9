/** For tests: an API server on loopback, and kubeconfigs for it. */
export { type ApiServer, type Replies, type Reply, serveApi, startApi } from "./apiServer";
export { kubeconfigText, temporaryDirectory, writeKubeconfig } from "./kubeconfig";
export { crd, crdPath, nodes, NODES, STORAGE_CLASSES, storageClasses, VERSION } from "./objects";
