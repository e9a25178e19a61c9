/** The inputs of each resource, as the plugin's schema has them. */
import { Archive, asSecret, Asset, isProps, type Props, reveal, Secret, Unknown } from "../rpc/values";

type Kind = "text" | "flag" | "texts" | "textMap" | "list" | "connection" | "source";

export interface Field {
    kind: Kind;
    required?: boolean;
    /** hidden whatever the program says */
    secret?: boolean;
}

export interface Failure {
    property: string;
    reason: string;
}

const RUN: Record<string, Field> = {
    stdin: { kind: "text" },
    logging: { kind: "text" },
    environment: { kind: "textMap" },
    addPreviousOutputInEnv: { kind: "flag" },
};
const LIFE: Record<string, Field> = {
    triggers: { kind: "list" },
    create: { kind: "text" },
    update: { kind: "text" },
    delete: { kind: "text" },
};
const LOCAL: Record<string, Field> = {
    ...RUN,
    interpreter: { kind: "texts" },
    dir: { kind: "text" },
    assetPaths: { kind: "texts" },
    archivePaths: { kind: "texts" },
};
const REMOTE: Record<string, Field> = { connection: { kind: "connection", required: true, secret: true } };

/** By type, and by the function `command:local:run`. */
export const FIELDS: Record<string, Record<string, Field>> = {
    "command:local:Command": { ...LIFE, ...LOCAL },
    "command:local:run": { ...LOCAL, command: { kind: "text", required: true } },
    "command:remote:Command": { ...LIFE, ...RUN, ...REMOTE },
    "command:remote:CopyToRemote": {
        ...REMOTE,
        triggers: { kind: "list" },
        source: { kind: "source", required: true },
        remotePath: { kind: "text", required: true },
    },
};

const CONNECTION_DEFAULTS: Props = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** @throws Error when the stand-in does not know the type */
export function fieldsOf(type: string): Record<string, Field> {
    const fields = FIELDS[type];
    if (fields) return fields;
    const known = Object.keys(FIELDS).join(", ");
    throw new Error(`the lab's stand-in for the Command plugin does not know ${type}: it knows ${known}`);
}

/** Completes and checks the inputs of a resource or function. */
export function checkInputs(type: string, news: Props): { inputs: Props; failures: Failure[] } {
    const fields = fieldsOf(type);
    const failures: Failure[] = [];
    const inputs: Props = {};
    for (const [name, value] of Object.entries(news)) {
        const field = fields[name];
        if (!field) failures.push({ property: name, reason: `unrecognized field "${name}"` });
        else if (value !== null) inputs[name] = complete(field, value);
    }
    for (const [name, field] of Object.entries(fields)) {
        const value = reveal(inputs[name]);
        const problem = typeProblem(type, name, field, value) ?? problemOf(field, value);
        if (problem) failures.push({ property: name, reason: problem });
    }
    return { inputs, failures };
}

function complete(field: Field, value: unknown): unknown {
    const plain = value instanceof Secret ? value.value : value;
    const completed = field.kind === "connection" && isProps(plain) ? { ...CONNECTION_DEFAULTS, ...plain } : plain;
    return field.secret || value instanceof Secret ? asSecret(completed) : completed;
}

/** What the real plugin says of a value of the wrong type, in the words of the language it is written in. */
function typeProblem(type: string, name: string, { kind }: Field, value: unknown): string | undefined {
    if (value === undefined || value instanceof Unknown || (kind !== "text" && kind !== "flag")) return undefined;
    const wanted = kind === "text" ? "string" : "bool";
    const got = GO_TYPES[typeof value] ?? "object";
    const owner = `${type.split(":").slice(1).join(".")}Inputs`;
    return got === wanted ? undefined : `Field '${name}' on '${owner}' must be a '${wanted}'; got '${got}' instead`;
}

const GO_TYPES: Partial<Record<string, string>> = { string: "string", boolean: "bool", number: "float64" };

function problemOf({ kind, required }: Field, value: unknown): string | undefined {
    if (value === undefined) return required ? "missing a required value" : undefined;
    if (value instanceof Unknown) return undefined;
    const isText = (item: unknown): boolean => typeof item === "string" || item instanceof Unknown;
    switch (kind) {
        case "text":
        case "flag":
            return undefined;
        case "list":
            return Array.isArray(value) ? undefined : "must be a list";
        case "texts":
            return Array.isArray(value) && value.every(isText) ? undefined : "must be a list of strings";
        case "textMap":
            return isProps(value) && Object.values(value).every(isText) ? undefined : "must be an object of strings";
        case "source":
            return value instanceof Asset || value instanceof Archive ? undefined : "must be an asset or an archive";
        case "connection":
            return connectionProblem(value);
    }
}

function connectionProblem(value: unknown): string | undefined {
    if (!isProps(value)) return "must be an object";
    if (!value["host"]) return "must name a host";
    const beyond = ["password", "privateKeyPassword", "proxy"].find((name) => value[name]);
    // It uses the ssh program, which takes passwords from people only.
    return beyond && `"${beyond}" is beyond the lab's stand-in: use a private key without a password, or an agent`;
}
