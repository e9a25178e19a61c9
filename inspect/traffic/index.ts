export { type JoinOptions, type Traffic, joinTraffic } from "./join";
export { percent } from "./check";
export { type PathEndpoint, type TrafficPath, pathName } from "./path";
