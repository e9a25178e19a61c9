/** A Helm release as resource inputs and state describe it. */
import { parse } from "yaml";
import { Unknown, Secret, isProps, reveal, type Props } from "../../rpc/values";
import { readAsset } from "../construct/inputs";

export interface ReleaseRecord {
    allowNullValues: boolean;
    atomic: boolean;
    chart: string;
    cleanupOnFail: boolean;
    createNamespace: boolean;
    dependencyUpdate: boolean;
    description: string;
    devel: boolean;
    disableCRDHooks: boolean;
    disableOpenapiValidation: boolean;
    disableWebhooks: boolean;
    forceUpdate: boolean;
    keyring: string;
    lint: boolean;
    maxHistory?: number;
    name: string;
    namespace: string;
    postrender: string;
    recreatePods: boolean;
    renderSubchartNotes: boolean;
    replace: boolean;
    repositoryOpts?: Props;
    resetValues: boolean;
    reuseValues: boolean;
    values: Props;
    skipCrds: boolean;
    /** seconds */
    timeout: number;
    verify: boolean;
    version: string;
    skipAwait: boolean;
    waitForJobs: boolean;
    /** by kind and apiVersion, e.g. `Deployment.apps/apps/v1` */
    resourceNames?: Record<string, string[]>;
    status?: ReleaseStatus;
}

export interface ReleaseStatus {
    appVersion: string;
    chart: string;
    name: string;
    namespace: string;
    revision: number;
    /** Helm's word, e.g. `deployed` */
    status: string;
    version: string;
}

const EMPTY: ReleaseRecord = {
    allowNullValues: false,
    atomic: false,
    chart: "",
    cleanupOnFail: false,
    createNamespace: false,
    dependencyUpdate: false,
    description: "",
    devel: false,
    disableCRDHooks: false,
    disableOpenapiValidation: false,
    disableWebhooks: false,
    forceUpdate: false,
    keyring: "",
    lint: false,
    name: "",
    namespace: "",
    postrender: "",
    recreatePods: false,
    renderSubchartNotes: false,
    replace: false,
    resetValues: false,
    reuseValues: false,
    values: {},
    skipCrds: false,
    timeout: 0,
    verify: false,
    version: "",
    skipAwait: false,
    waitForJobs: false,
};
const OPTIONAL = ["maxHistory", "repositoryOpts", "resourceNames", "status"];

/** @throws Error when a value file cannot be read, or a field has the wrong type */
export async function readRecord(props: Props): Promise<ReleaseRecord> {
    const plain = reveal(props) as Props;
    const record: Props = { ...EMPTY };
    for (const [field, fallback] of Object.entries(EMPTY)) {
        const value = plain[field];
        if (value === undefined || value === null || value instanceof Unknown) continue;
        if (typeof value !== typeof fallback || isProps(value) !== isProps(fallback)) {
            throw new Error(`Release: "${field}" must be ${nameOfType(fallback)}, not ${JSON.stringify(value)}`);
        }
        record[field] = value;
    }
    for (const field of OPTIONAL) {
        const value = plain[field];
        if (value !== undefined && value !== null && !(value instanceof Unknown)) record[field] = value;
    }
    record["values"] = mergeValues(await fileValues(plain["valueYamlFiles"]), withoutUnknowns(record["values"]) as Props);
    return record as unknown as ReleaseRecord;
}

function nameOfType(value: unknown): string {
    return isProps(value) ? "an object" : `a ${typeof value}`;
}

async function fileValues(assets: unknown): Promise<Props> {
    let values: Props = {};
    for (const asset of Array.isArray(assets) ? assets : []) {
        const read: unknown = parse(await readAsset(asset)) ?? {};
        values = mergeValues(values, isProps(read) ? read : {});
    }
    return values;
}

/** Values over values: objects are merged, anything else is replaced. */
export function mergeValues(base: Props, over: Props): Props {
    const result = { ...base };
    for (const [key, value] of Object.entries(over)) {
        const below = result[key];
        result[key] = isProps(value) && isProps(below) ? mergeValues(below, value) : value;
    }
    return result;
}

function withoutUnknowns(value: unknown): unknown {
    if (value instanceof Unknown) return null;
    if (Array.isArray(value)) return value.map(withoutUnknowns);
    if (!isProps(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutUnknowns(item)]));
}

/** The record as property values. */
export function recordProps(record: ReleaseRecord): Props {
    return { ...(record as unknown as Props) };
}

/** Marks as unknown in `target` what is unknown in `source`. Changes `target`. */
export function markUnknowns(target: Props, source: Props): void {
    for (const [key, value] of Object.entries(source)) {
        if (key in target) target[key] = unknownIn(target[key], value);
    }
}

function unknownIn(target: unknown, source: unknown): unknown {
    if (source instanceof Secret) return unknownIn(target, source.value);
    if (source instanceof Unknown) return source;
    if (isProps(target) && isProps(source)) markUnknowns(target, source);
    else if (Array.isArray(target) && Array.isArray(source)) {
        source.forEach((item, index) => {
            if (index < target.length) target[index] = unknownIn(target[index], item);
        });
    }
    return target;
}
