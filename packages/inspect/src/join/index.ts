export { type JoinOptions, joinServices, type JoinedServices } from "./join";
export { percent } from "./check";
export { type PathEndpoint, pathName, type ServicePath } from "./path";
