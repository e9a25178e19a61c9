import { type Document, isMap, isSeq, parseDocument } from "yaml";
import { isKubeconfigText, plainValue } from "@istio-on-pulumi/kube";
import type { Fields } from "./model";
import { SECRET } from "./plain";
import { isFields, isSame } from "./values";

/** Stands for a hidden value that is another one than before. */
export const CHANGED_SECRET = "[secret, changed]";

/** Names of fields, variables and files whose values nobody but their owner may read. */
const SECRET_WORD =
    "pass(?:word|wd|phrase)|token|secret|credential|(?:api|private|signing|encryption|access|client)[-_]?key|" +
    "key[-_]data|kubeconfig|dockerconfig";
const SECRET_NAME = new RegExp(`${SECRET_WORD}|^auth$|\\.(?:pem|key|p12|pfx|jks)$`, "i");
/** What only names such a value, or says something about it. */
const NAMES_ONE =
    /(name|names|ref|refs|path|file|mount|provider|type|seconds|secrets|ttl|duration|expiration|url|uri|policy|header)$/i;

const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !NAMES_ONE.test(name);

/** Values that are secret wherever they stand. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const WEB_TOKEN = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const PASSWORD_IN_URL = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi;
const BEARER = /\b(bearer|authorization:\s*basic)\s+[\w.~+/=-]{8,}/gi;
/** A kubeconfig, in YAML or JSON. */
const KUBECONFIG = /(^|[{,\s])["']?kind["']?:\s*["']?Config["']?\s*($|[,}\n])/;
/** Longer than a path. */
const LONGEST_PATH = 255;
/** An assignment in a script, a command line, a file of settings or a message. */
const ASSIGNMENT = new RegExp(
    `([\\w.-]*(?:${SECRET_WORD})[\\w.-]*)(["']?\\s*(?:=|:\\s)\\s*)("[^"]*"|'[^']*'|[^\\s"']\\S*)`,
    "gi",
);
/** A word of a command line that says that the next one is secret. */
const FLAG = /^--?([\w-]+)$/;

/**
 * An object as others may read it: every value that is secret by the engine's marks, its name, its content, or the kind
 * of the object that holds it, is hidden. Keys stay.
 */
export function masked(object: Fields | undefined, type: string): Fields | undefined {
    if (object === undefined) return undefined;
    const isSecret = /:Secret(Patch|List)?$/.test(type);
    const isCommand = type.startsWith("command:");
    return Object.fromEntries(
        Object.entries(object).map(([key, value]) => {
            const hidesAll =
                (DATA.includes(key) && (isSecret || Object.keys(isFields(value) ? value : {}).some(isSecretName))) ||
                (isCommand && ["environment", "stdin"].includes(key));
            return [key, hidesAll ? allHidden(value) : maskedValue(key, value)];
        }),
    );
}

/** Where objects hold what is not their own: a secret seldom comes alone there. */
const DATA = ["data", "stringData", "binaryData"];

/** Masks both sides of a change; a hidden value that is not the same on both says that it is another. */
export function maskedPair(before: Fields | undefined, after: Fields | undefined, type: string) {
    const hidden = [masked(before, type), masked(after, type)] as const;
    return { before: hidden[0], after: markChanged(hidden, [before, after]) as Fields | undefined };
}

/** A text for people, such as a message of the engine, without what is secret in it. */
export const maskedText = (text: string): string =>
    withoutCredentials(text.replace(/-----BEGIN [\s\S]*?(-----END [A-Z ]*-----|$)/g, SECRET));

function maskedValue(key: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each, i) => maskedValue(flagIn(value[i - 1]) ?? key, each));
    if (isFields(value)) return maskedFields(value);
    if (isSecretName(key)) return hidden(key, value);
    return typeof value === "string" ? maskedContent(value) : value;
}

const flagIn = (word: unknown): string | undefined => (typeof word === "string" ? FLAG.exec(word)?.[1] : undefined);

function maskedFields(fields: Fields): Fields {
    // A container's variable, a header and the like: the name is a value beside it.
    const { name } = fields;
    const isNamedSecret = typeof name === "string" && isSecretName(name);
    return Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [
            key,
            isNamedSecret && key === "value" ? hidden(name, value) : maskedValue(key, value),
        ]),
    );
}

/** What is empty or says yes or no hides nothing; a kubeconfig may be but the path of one. */
function hidden(name: string, value: unknown): unknown {
    if (typeof value === "number") return SECRET;
    if (typeof value !== "string" || value === "") return value;
    const isPath = /kubeconfig$/i.test(name) && !isKubeconfigText(value) && value.length <= LONGEST_PATH;
    return isPath ? value : SECRET;
}

function allHidden(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(allHidden);
    if (isFields(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, allHidden(each)]));
    return value === undefined || value === null ? value : SECRET;
}

/** A text that may be a whole file: YAML and JSON by their fields, all else by what stands in it. */
function maskedContent(text: string): string {
    if (KUBECONFIG.test(text) || PRIVATE_KEY.test(text)) return SECRET;
    if (!text.includes("\n") && !/^[[{]/.test(text.trim())) return withoutCredentials(text);
    const document = parseDocument(text, { logLevel: "silent" });
    const isStructured = document.errors.length === 0 && (isMap(document.contents) || isSeq(document.contents));
    const value = isStructured ? plainIn(document) : undefined;
    if (value !== undefined) {
        const shown = maskedValue("", value);
        return isSame(value, shown) ? text : /^[[{]/.test(text.trim()) ? JSON.stringify(shown, null, 2) : yaml(shown);
    }
    // Of a text that nothing reads it is not known where a secret ends.
    return withoutAssignments(text) === text ? withoutCredentials(text) : SECRET;
}

/** `undefined` where an alias leads nowhere, or round in a circle. */
function plainIn(document: Document): unknown {
    try {
        return plainValue(document);
    } catch {
        return undefined;
    }
}

const yaml = (value: unknown): string => {
    const document = parseDocument("");
    document.contents = document.createNode(value) as never;
    return document.toString({ lineWidth: 0 });
};

function withoutCredentials(text: string): string {
    return withoutAssignments(text)
        .replace(PASSWORD_IN_URL, `$1:${SECRET}@`)
        .replace(BEARER, `$1 ${SECRET}`)
        .replace(WEB_TOKEN, SECRET);
}

const withoutAssignments = (text: string): string =>
    text.replace(ASSIGNMENT, (whole, name: string, sign: string, value: string) =>
        isSecretName(name) && !value.startsWith("{{") ? `${name}${sign}${SECRET}` : whole,
    );

/** Where both sides are hidden and were not the same. */
function markChanged([before, after]: readonly [unknown, unknown], raw: readonly [unknown, unknown]): unknown {
    if (after === SECRET && before === SECRET) return isSame(raw[0], raw[1]) ? SECRET : CHANGED_SECRET;
    if (typeof after === "string" && after === before && !isSame(raw[0], raw[1])) return `${after}\n${CHANGED_SECRET}`;
    if (Array.isArray(after) && Array.isArray(before)) {
        return after.map((each, i) => markChanged([before[i], each], [list(raw[0])[i], list(raw[1])[i]]));
    }
    if (isFields(after) && isFields(before)) {
        return Object.fromEntries(
            Object.entries(after).map(([key, each]) => [
                key,
                markChanged([before[key], each], [fields(raw[0])[key], fields(raw[1])[key]]),
            ]),
        );
    }
    return after;
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
