/** What this repository's own program knows of the components besides the library's face. */
export { type AddonManifests, addonObjects, type AddonObjectsArgs } from "./addonObjects";
export { BOOKINFO_SECURITY_CONTEXT, BOOKINFO_SERVICES, BOOKINFO_WORKLOADS } from "./bookinfoFacts";
export { endpoint, type EndpointFacts } from "./endpoint";
export { generatedServiceOf } from "./ingressGateway";
export { knownValue } from "./inputs";
export { BASE_RELEASE } from "./istioControlPlane";
export { istiodResources } from "./istiodValues";
export { keptCommand } from "./keptCommand";
export type { Manifest } from "./manifest";
export { MESH_POLICY } from "./mutualTls";
export { kubeconfigFor, secretText, shellWords } from "./shell";
