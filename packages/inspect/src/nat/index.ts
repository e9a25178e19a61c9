export { canonical, formatHostPort, parseHostPort } from "./address";
export { endpointHash, isKubeProxys, roleOf, servicePortHash, servicePortName } from "./chains";
export { type EndpointChain, type NatEndpoint } from "./endpointChain";
export { type NatModel, type NatReading, type NatService, NFTABLES, type ProxyMode, readNat } from "./model";
export { type ChainNames, CHAINS } from "./names";
export { type Masquerading } from "./plumbing";
export { formatRule, type Option, parseRule, type Rule, targetOf, valueOf } from "./rule";
export { type Backend, END_OF_RULES, type Family, parseSave, type SavedRules } from "./save";
export { type EntryKind } from "./serviceChains";
