export { loadSettings } from "./load";
