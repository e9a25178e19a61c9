/** The upstream files that this project installs: pinned, verified, never copied into the repository. */
export { UpstreamFileError } from "./error";
export { GATEWAY_API_VERSION, ISTIO_VERSION, type ChartName } from "./selection";
export { UpstreamFiles, type OpenOptions } from "./upstream-files";
export { readAddons, readGatewayApiCrds } from "./manifests";
