/**
 * The values that Pulumi's engine and its plugins exchange. On the wire they are protobuf Structs in which a few
 * well-known strings mark what JSON cannot say: secrets, unknowns, assets, references to resources.
 */

/** A plain object whose values are property values. */
export type Props = { [key: string]: unknown };

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7";
const RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e";

const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** The engine writes an unknown as one of these, by the type it expects in its place. */
const UNKNOWN_SENTINELS = new Set([
    UNKNOWN_STRING,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** A value that only a real update will know. There is one instance: {@link UNKNOWN}. */
export class Unknown {
    /** In JSON an unknown is null, which is how diffs recognise it. */
    toJSON(): null {
        return null;
    }
}
export const UNKNOWN = new Unknown();

/** A value that the engine encrypts in state and hides on screen. */
export class Secret {
    constructor(readonly value: unknown) {}
}

/** A value that carries the URNs it depends on; only components receive these. */
export class OutputValue {
    constructor(
        readonly value: unknown,
        readonly secret: boolean,
        readonly dependencies: string[],
    ) {}
}

/** A reference to a resource of the same deployment. */
export class ResourceReference {
    constructor(
        readonly urn: string,
        readonly id: string | undefined,
    ) {}
}

/** A file handed over by the program; exactly one of text, path and uri is set. */
export class Asset {
    constructor(readonly fields: { text?: string; path?: string; uri?: string; hash?: string }) {}
}

/** A folder or archive handed over by the program. */
export class Archive {
    constructor(readonly fields: Props) {}
}

/** True for a plain object: neither an array nor one of the classes above. */
export function isProps(value: unknown): value is Props {
    return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Turns the plain JavaScript form of a Struct into property values. */
export function fromWire(raw: unknown): unknown {
    if (typeof raw === "string") return fromWireString(raw);
    if (Array.isArray(raw)) return raw.map(fromWire);
    if (typeof raw !== "object" || raw === null) return raw;
    const result: Props = {};
    for (const [key, value] of Object.entries(raw)) result[key] = fromWire(value);
    return fromSignedObject(result);
}

/** A string as it is, or what it stands for. */
export function fromWireString(raw: string): unknown {
    return raw.length === UNKNOWN_STRING.length && UNKNOWN_SENTINELS.has(raw) ? UNKNOWN : raw;
}

/** An object, whose values are read already, as it is, or what its signature makes of it. */
export function fromSignedObject(object: Props): unknown {
    const signature = object[SIGNATURE_KEY];
    return typeof signature === "string" ? signed(signature, object) : object;
}

function signed(signature: string, object: Props): unknown {
    const { [SIGNATURE_KEY]: _signature, ...fields } = object;
    switch (signature) {
        case SECRET_SIGNATURE:
            return new Secret(fields["value"]);
        case OUTPUT_SIGNATURE:
            return new OutputValue(
                "value" in fields ? fields["value"] : UNKNOWN,
                fields["secret"] === true,
                (fields["dependencies"] as string[] | undefined) ?? [],
            );
        case RESOURCE_SIGNATURE:
            return new ResourceReference(String(fields["urn"]), fields["id"] as string | undefined);
        case ASSET_SIGNATURE:
            return new Asset(fields);
        case ARCHIVE_SIGNATURE:
            return new Archive(fields);
        default:
            throw new Error(`The engine sent a value with the unknown signature ${signature}.`);
    }
}

/** Turns property values into the plain JavaScript form of a Struct. Fields that are undefined are left out. */
export function toWire(value: unknown): unknown {
    if (value instanceof Unknown) return UNKNOWN_STRING;
    if (value instanceof Secret) return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value: toWire(value.value) };
    if (value instanceof OutputValue) return toWire(value.secret ? new Secret(value.value) : value.value);
    if (value instanceof ResourceReference) {
        return {
            [SIGNATURE_KEY]: RESOURCE_SIGNATURE,
            urn: value.urn,
            ...(value.id === undefined ? {} : { id: value.id }),
        };
    }
    if (value instanceof Asset) return { [SIGNATURE_KEY]: ASSET_SIGNATURE, ...value.fields };
    if (value instanceof Archive) return { [SIGNATURE_KEY]: ARCHIVE_SIGNATURE, ...value.fields };
    if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : toWire(item)));
    if (typeof value !== "object" || value === null) return value;
    const result: Props = {};
    for (const [key, item] of Object.entries(value)) if (item !== undefined) result[key] = toWire(item);
    return result;
}

/** Whether an unknown stands anywhere inside the value. */
export function containsUnknowns(value: unknown): boolean {
    return containsA(value, (item) => item instanceof Unknown);
}

/** Whether a secret stands anywhere inside the value. */
export function containsSecrets(value: unknown): boolean {
    return containsA(value, (item) => item instanceof Secret || (item instanceof OutputValue && item.secret));
}

function containsA(value: unknown, matches: (item: unknown) => boolean): boolean {
    if (matches(value)) return true;
    if (value instanceof Secret || value instanceof OutputValue) return containsA(value.value, matches);
    if (Array.isArray(value)) return value.some((item) => containsA(item, matches));
    return isProps(value) && Object.values(value).some((item) => containsA(item, matches));
}

/** A deep copy without the secret and output wrappers; unknowns stay. */
export function reveal(value: unknown): unknown {
    if (value instanceof Secret || value instanceof OutputValue) return reveal(value.value);
    if (Array.isArray(value)) return value.map(reveal);
    if (!isProps(value)) return value;
    const result: Props = {};
    for (const [key, item] of Object.entries(value)) result[key] = reveal(item);
    return result;
}

/** A secret of the value, which is not wrapped twice. */
export function asSecret(value: unknown): Secret {
    return value instanceof Secret ? value : new Secret(value);
}
