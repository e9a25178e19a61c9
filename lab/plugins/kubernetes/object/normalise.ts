/**
 * Built-in kinds in the form in which the API server gives them back, so that a difference in spelling alone is no
 * change. The real plugin gets there through Kubernetes' Go types; the tables hold what those types' encoder leaves out.
 */
import { containsUnknowns, isProps, type Props } from "../../rpc/values";
import { gvkOf, isBuiltin, isCrd, isSecret } from "./kinds";
import { canonicalQuantity } from "./quantity";
import { at, branch, clone, removeAt, setAt, type Tree } from "./tree";

/** Booleans that are written only when true. */
const OMITTED_WHEN_FALSE = words(`hostIPC hostNetwork hostPID stdin stdinOnce tty paused publishNotReadyAddresses readOnly
    unschedulable globalDefault chapAuthDiscovery chapAuthSession sslEnabled`);
/** Numbers that are written only when not zero. */
const OMITTED_WHEN_ZERO = words(`failureThreshold initialDelaySeconds periodSeconds successThreshold minReadySeconds
    nodePort hostPort healthCheckNodePort number`);
/** Strings that are written even when empty, because that says something else than leaving them out. */
const KEPT_WHEN_EMPTY = words(`action address addressType apiGroup appProtocol audience cidr claimName container
    containerName description devicePath diskName diskURI driver effect expression fieldPath fsGroupPolicy fsType group
    handler hostname image ingressClassName internalTrafficPolicy ip ipFamilyPolicy jsonPath key kind loadBalancerClass
    message mountPath mountPropagation name namespace nodeName operator path pathType pdName plural procMount protocol
    provisioner reason resource restartPolicy rule runtimeClassName schedule scopeName secretName serviceName
    signerName storageClassName topologyKey type url value volumeAttributesClassName volumeBindingMode volumeHandle
    volumeID volumeMode volumeName whenUnsatisfiable`);
/** In these lists an empty `value`, or an empty `apiGroup`, is left out after all. */
const VALUE_OMITTED_IN = words("env tolerations taints");
/** Keyed by the program's own words: nothing inside is touched, and an empty one is left out. */
const FREE_MAPS = words(`annotations labels data binaryData stringData matchLabels nodeSelector parameters
    volumeAttributes`);
/** Amounts of resources by name. */
const QUANTITY_MAPS = words("limits requests hard capacity default defaultRequest max min maxLimitRequestRatio overhead");
const QUANTITIES = words("divisor sizeLimit");
/** Lists that are written even when empty. */
const LISTS_KEPT_WHEN_EMPTY = words("containers rules sources values verbs versions names command");

const READ_ONLY_METADATA = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
];

/** A copy of the object in canonical form; custom resources and objects with unknowns lose only read-only metadata. */
export function normalise(object: Tree): Tree {
    const result = !containsUnknowns(object) && isBuiltin(gvkOf(object)) ? canonical(clone(object)) : clone(object);
    for (const field of READ_ONLY_METADATA) removeAt(result, "metadata", field);
    return result;
}

function canonical(object: Tree): Tree {
    if (isCrd(object)) return canonicalCrd(object);
    if (isSecret(object)) return canonicalSecret(object);
    const serviceSelector = object["kind"] === "Service" ? at(object, "spec", "selector") : undefined;
    const result = compact(object, "") as Tree;
    // A Service's selector is keyed by labels, unlike every other selector.
    if (isProps(serviceSelector)) {
        if (Object.keys(serviceSelector).length) setAt(result, serviceSelector, "spec", "selector");
        else removeAt(result, "spec", "selector");
    }
    return result;
}

function canonicalCrd(object: Tree): Tree {
    // The API server drops both, so that they would look like a change for ever.
    if (at(object, "spec", "preserveUnknownFields") === false) removeAt(object, "spec", "preserveUnknownFields");
    delete object["status"];
    return object;
}

function canonicalSecret(object: Tree): Tree {
    const plain = branch(object, "stringData");
    const data: Props = { ...branch(object, "data") };
    for (const [key, value] of Object.entries(data)) {
        if (typeof value === "string") data[key] = Buffer.from(value, "base64").toString("base64");
    }
    // Anything but strings is left for the API server to refuse.
    const isText = Object.values(plain).every((value) => typeof value === "string");
    if (isText && Object.keys(plain).length) {
        for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(value as string).toString("base64");
        delete object["stringData"];
    }
    if (Object.keys(data).length) object["data"] = data;
    return object;
}

function compact(value: unknown, parentKey: string): unknown {
    if (Array.isArray(value)) return value.map((item) => compact(item, parentKey));
    if (!isProps(value)) return value;
    const result: Props = {};
    for (const [key, item] of Object.entries(value)) {
        if (isOmitted(key, item, parentKey)) continue;
        if (FREE_MAPS.has(key) && isProps(item)) result[key] = item;
        else if (QUANTITY_MAPS.has(key) && isProps(item)) result[key] = mapValues(item, canonicalQuantity);
        else if (QUANTITIES.has(key)) result[key] = canonicalQuantity(item);
        else result[key] = compact(item, key);
    }
    return result;
}

function isOmitted(key: string, value: unknown, parentKey: string): boolean {
    if (value === null || value === undefined) return !LISTS_KEPT_WHEN_EMPTY.has(key);
    if (value === false) return OMITTED_WHEN_FALSE.has(key);
    if (value === 0) return OMITTED_WHEN_ZERO.has(key) || (key === "timeoutSeconds" && /Probe$/.test(parentKey));
    if (value === "") {
        if (key === "value" && VALUE_OMITTED_IN.has(parentKey)) return true;
        if (key === "apiGroup" && parentKey === "subjects") return true;
        if (key === "namespace" && parentKey === "metadata") return true;
        return !KEPT_WHEN_EMPTY.has(key);
    }
    if (Array.isArray(value)) return value.length === 0 && !LISTS_KEPT_WHEN_EMPTY.has(key);
    return isProps(value) && Object.keys(value).length === 0 && (FREE_MAPS.has(key) || QUANTITY_MAPS.has(key));
}

function mapValues(map: Props, change: (value: unknown) => unknown): Props {
    return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function words(names: string): Set<string> {
    return new Set(names.split(/\s+/));
}
