export { type BeforeOptions, checkBefore } from "./before";
export { type Check, check, skipped } from "./check";
export { checkMesh } from "./mesh";
export { type Prerequisites, readPrerequisites } from "./prerequisites";
export { reachRegistries } from "./registries";
export { checkNat } from "./nat";
