/** For tests: an API server on loopback, and kubeconfigs for it. */
export { type ApiServer, type Replies, serveApi, startApi } from "./apiServer";
export { kubeconfigText, temporaryDirectory, writeKubeconfig } from "./kubeconfig";
export {
    crd,
    crdPath,
    CRDS,
    KUBE_SYSTEM,
    nodes,
    NODES,
    type Reply,
    STORAGE_CLASSES,
    storageClasses,
    VERSION,
} from "./objects";
