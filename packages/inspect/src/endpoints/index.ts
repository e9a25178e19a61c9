export { makeAsker } from "./ask";
export { type Answer, type Asker, checkEndpoints, type EndpointPortReport, type EndpointReport } from "./check";
export { type DescribedEndpoint, parseOutputs } from "./outputs";
