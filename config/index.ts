export { loadSettings } from "./load";
export { istioVersions, type StackSettings } from "./versions";
