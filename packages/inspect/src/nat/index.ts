export { canonical, formatHostPort, type HostPort, parseHostPort } from "./address";
export { endpointHash, hashOf, roleOf, servicePortHash, servicePortName } from "./chains";
export { type EndpointChain, type Masquerade, type NatEndpoint } from "./endpointChain";
export { type BrokenJump, type ForeignRule, type NatModel, type NatReading, type NatService, readNat } from "./model";
export { type Masquerading } from "./plumbing";
export { formatRule, type Option, parseRule, type Rule, targetOf, valueOf } from "./rule";
export { type Backend, type Family, parseSave, type SavedRules, type Table } from "./save";
export { type Entry, type EntryKind, type ExternalChain, type FirewallChain } from "./serviceChains";
