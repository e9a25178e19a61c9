export { type JoinOptions, joinTraffic, type Traffic } from "./join";
export { percent } from "./check";
export { type PathEndpoint, pathName, type TrafficPath } from "./path";
