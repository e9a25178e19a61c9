/** The library: what a program imports, and what a component package has. */
export { CrdInstallation, type InstalledCrd } from "../cluster";
export { Addons, type AddonsArgs } from "./addons";
export { Bookinfo, type BookinfoArgs } from "./bookinfo";
export { type Endpoint, type EndpointPort } from "./endpoint";
export { GatewayApiCrds, type GatewayApiCrdsArgs } from "./gatewayApiCrds";
export { type ImageMirrors } from "./images";
export { IngressGateway, type IngressGatewayArgs, ServiceType } from "./ingressGateway";
export { IstioControlPlane, type IstioControlPlaneArgs } from "./istioControlPlane";
export { type ChartValues } from "./istiodValues";
export { KialiAccess, type KialiArgs, KialiServiceType } from "./kiali";
export { type ListenerArgs, RoutesFrom } from "./listeners";
export { type LokiArgs } from "./loki";
export { type InspectionFinding, MeshInspection, type MeshInspectionArgs, type NodeConnection } from "./meshInspection";
export { MtlsMode, MutualTls, type MutualTlsArgs } from "./mutualTls";
export { type NamespaceArgs } from "./namespace";
export { type PrometheusArgs } from "./prometheus";
export { type PathArgs, PathType, type RouteArgs } from "./routes";
export { Tracing, type TracingArgs } from "./tracing";
