export { type HostPort, canonical, formatHostPort, parseHostPort } from "./address";
export { endpointHash, hashOf, roleOf, servicePortHash, servicePortName } from "./chains";
export { type EndpointChain, type Masquerade, type NatEndpoint } from "./endpointChain";
export { type BrokenJump, type ForeignRule, type NatModel, type NatReading, type NatService, readNat } from "./model";
export { type Masquerading } from "./plumbing";
export { type Option, type Rule, formatRule, parseRule, targetOf, valueOf } from "./rule";
export { type Backend, type Family, type SavedRules, type Table, parseSave } from "./save";
export { type Entry, type EntryKind, type ExternalChain, type FirewallChain } from "./serviceChains";
