/** The upstream files that this project installs: pinned, verified, never copied into the repository. */
export { type OpenOptions, UpstreamFiles } from "./upstream-files";
export { gatewayApiCrdNames, readAddons, readGatewayApiCrds, readIstioCrdNames, readIstioCrds } from "./manifests";
