/** What is this program's own, beside the library: whose the stack is, what it plans, what it tells. */
export { Cluster } from "./cluster";
export { DestroyGuard } from "./destroyGuard";
export { describeEndpoints, firstUrl, gatewayUrl } from "./endpoints";
export { prepareStack } from "./preparation";
export { stackMarks } from "./stackMarks";
