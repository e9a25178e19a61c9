export { type JoinedServices, type JoinOptions, joinServices } from "./join";
export { type PathEndpoint, pathName, type ServicePath } from "./path";
export { percent } from "./percent";
