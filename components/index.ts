export { Addons, type AddonsArgs } from "./addons";
export { Bookinfo, type BookinfoArgs } from "./bookinfo";
export { BookinfoGateway, type BookinfoGatewayArgs, GENERATED_SERVICE } from "./bookinfoGateway";
export { Cluster, type ClusterArgs } from "./cluster";
export { describeEndpoints, type Endpoint, type EndpointPort, firstUrl } from "./endpoints";
export { GatewayApiCrds, type GatewayApiCrdsArgs } from "./gatewayApiCrds";
export { mirrored } from "./images";
export { IstioControlPlane, type IstioControlPlaneArgs } from "./istioControlPlane";
export { type InspectionFinding, MeshInspection, type MeshInspectionArgs, type NodeConnection } from "./meshInspection";
