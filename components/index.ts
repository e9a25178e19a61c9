export { ADDONS, type Addon, Addons, type AddonsArgs } from "./addons";
export { Bookinfo, type BookinfoArgs } from "./bookinfo";
export { BookinfoGateway, type BookinfoGatewayArgs, GENERATED_SERVICE } from "./bookinfoGateway";
export { Cluster, type ClusterArgs } from "./cluster";
export { type Endpoint, type EndpointPort, describeEndpoints, firstUrl } from "./endpoints";
export { GATEWAY_API_CRDS, GatewayApiCrds, type GatewayApiCrdsArgs } from "./gatewayApiCrds";
export { mirrored } from "./images";
export { ISTIO_NAMESPACE, IstioControlPlane, type IstioControlPlaneArgs } from "./istioControlPlane";
export { type InspectionFinding, MeshInspection, type MeshInspectionArgs, type NodeConnection } from "./meshInspection";
