export { makeAsker } from "./ask";
export { type Asker, checkEndpoints, type EndpointReport } from "./check";
export { type DescribedEndpoint, parseOutputs } from "./outputs";
