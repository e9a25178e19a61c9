export { type NatCount } from "./natCounts";
export { type ReviewsReport, roundedPercent } from "./reviews";
export { sendTraffic, TRAFFIC_DEFAULTS, type TrafficOptions, type TrafficReport, type Watch } from "./run";
export { type HopsReport } from "./security";
export { parseUrl } from "./target";
