export { canonical, formatHostPort, parseHostPort } from "./address";
export { endpointHash, roleOf, servicePortHash, servicePortName } from "./chains";
export { type EndpointChain, type NatEndpoint } from "./endpointChain";
export { type NatModel, type NatReading, type NatService, readNat } from "./model";
export { type Masquerading } from "./plumbing";
export { formatRule, type Option, parseRule, type Rule, targetOf, valueOf } from "./rule";
export { type Backend, type Family, parseSave, type SavedRules } from "./save";
export { type EntryKind } from "./serviceChains";
