/** The lab: a Kubernetes cluster with Istio as processes on one machine. */
export { ensurePackages, which } from "./build/system";
export { NODE_IP } from "./control-plane/addresses";
export { labStatus, namespacesOf } from "./control-plane/control";
export { processesIn } from "./control-plane/marks";
export { labEnvironment } from "./environment";
export { type LabPlace, labPlace } from "./place";
export { choosePlugins, loader, pluginDir } from "./plugins";
export { run } from "./run";
export { table } from "./table";
export { inLab } from "./user-namespace";
