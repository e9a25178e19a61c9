/** What is this program's own, beside the library: whose the stack is, what it plans, what it tells. */
export { Cluster } from "./cluster";
export { DestroyGuard } from "./destroyGuard";
export { describeEndpoints, firstUrl } from "./endpoints";
export { GATEWAY, GENERATED_SERVICE } from "./gateway";
export { needsOf } from "./needs";
export { plannedObjects } from "./planned";
export { StackIdentity } from "./stackIdentity";
export { stackMarks } from "./stackMarks";
