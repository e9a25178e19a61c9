export { yamlOf, yamlPatch } from "./yamlPatch";
