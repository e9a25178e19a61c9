export { loadSettings } from "./load";
export type { StackSettings } from "./versions";
