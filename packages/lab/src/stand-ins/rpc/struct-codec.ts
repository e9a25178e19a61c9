/**
 * google.protobuf.Struct straight to property values and back. Resources with CRDs among them carry megabytes of it, and
 * the generated classes are an order of magnitude slower, as they make an object of each value.
 */
import { fromSignedObject, fromWireString, isProps, type Props, toWire } from "./values";

/** Wire types of protobuf. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Fields of google.protobuf.Value. */
const NULL_VALUE = 1;
const NUMBER_VALUE = 2;
const STRING_VALUE = 3;
const BOOL_VALUE = 4;
const STRUCT_VALUE = 5;
const LIST_VALUE = 6;

/** Reads a Struct's bytes. */
export function decodeStruct(bytes: Buffer): Props {
    const reader = new Reader(bytes);
    return reader.struct(bytes.length) as Props;
}

/** Writes property values as a Struct's bytes. Fields that are undefined are left out. */
export function encodeStruct(props: Props): Buffer {
    const writer = new Writer();
    writer.struct(props);
    return writer.finish();
}

/** A message's bytes, with some fields of type bytes or message taken out. */
export interface Split {
    /** the bytes of the fields that were taken out, by field number; the last one counts */
    taken: Map<number, Buffer>;
    rest: Buffer;
}

/** Takes fields out of a message without looking into them. */
export function splitFields(message: Buffer, numbers: ReadonlySet<number>): Split {
    const reader = new Reader(message);
    const taken = new Map<number, Buffer>();
    const rest: Buffer[] = [];
    while (reader.position < message.length) {
        const start = reader.position;
        const tag = reader.varint();
        const field = tag >>> 3;
        if ((tag & 7) === BYTES && numbers.has(field)) {
            const length = reader.varint();
            taken.set(field, message.subarray(reader.position, reader.position + length));
            reader.position += length;
        } else {
            reader.skip(tag & 7);
            rest.push(message.subarray(start, reader.position));
        }
    }
    return { taken, rest: rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest) };
}

/** The bytes of one field of type bytes or message, to be appended to a message's. */
export function fieldBytes(field: number, value: Buffer): Buffer {
    const writer = new Writer();
    writer.raw(value);
    writer.header(field, value.length);
    return writer.finish();
}

class Reader {
    position = 0;

    constructor(private readonly bytes: Buffer) {}

    struct(end: number): unknown {
        const result: Props = {};
        while (this.position < end) {
            const tag = this.varint();
            if (tag !== ((1 << 3) | BYTES)) {
                this.skip(tag & 7);
                continue;
            }
            this.entry(this.varint(), result);
        }
        return fromSignedObject(result);
    }

    private entry(length: number, into: Props): void {
        const end = this.position + length;
        let key = "";
        let value: unknown = null;
        while (this.position < end) {
            const tag = this.varint();
            if (tag === ((1 << 3) | BYTES)) key = this.text(this.varint());
            else if (tag === ((2 << 3) | BYTES)) value = this.value(this.varint());
            else this.skip(tag & 7);
        }
        into[key] = value;
    }

    private value(length: number): unknown {
        const end = this.position + length;
        let value: unknown = null;
        while (this.position < end) {
            const tag = this.varint();
            switch (tag >>> 3) {
                case NULL_VALUE:
                    this.varint();
                    break;
                case NUMBER_VALUE:
                    value = this.bytes.readDoubleLE(this.position);
                    this.position += 8;
                    break;
                case STRING_VALUE:
                    value = fromWireString(this.text(this.varint()));
                    break;
                case BOOL_VALUE:
                    value = this.varint() !== 0;
                    break;
                case STRUCT_VALUE:
                    value = this.struct(this.varint() + this.position);
                    break;
                case LIST_VALUE:
                    value = this.list(this.varint());
                    break;
                default:
                    this.skip(tag & 7);
            }
        }
        return value;
    }

    private list(length: number): unknown[] {
        const end = this.position + length;
        const items: unknown[] = [];
        while (this.position < end) {
            const tag = this.varint();
            if (tag === ((1 << 3) | BYTES)) items.push(this.value(this.varint()));
            else this.skip(tag & 7);
        }
        return items;
    }

    private text(length: number): string {
        const start = this.position;
        this.position += length;
        return this.bytes.toString("utf8", start, this.position);
    }

    /** Lengths and tags stay far below 2^32. */
    varint(): number {
        let result = 0;
        for (let shift = 0; ; shift += 7) {
            const byte = this.bytes[this.position] as number;
            this.position += 1;
            if (shift < 32) result |= (byte & 127) << shift;
            if (byte < 128) return result >>> 0;
        }
    }

    skip(wireType: number): void {
        if (wireType === VARINT) this.varint();
        else if (wireType === FIXED64) this.position += 8;
        else if (wireType === FIXED32) this.position += 4;
        else if (wireType === BYTES) {
            const length = this.varint();
            this.position += length;
        } else throw new Error(`a message holds the wire type ${wireType}, which protobuf 3 does not use`);
    }
}

/** Writes from the end to the start, so that a length is known when its turn comes. */
class Writer {
    private buffer = Buffer.allocUnsafe(4096);
    private start = this.buffer.length;

    finish(): Buffer {
        return this.buffer.subarray(this.start);
    }

    struct(props: Props): void {
        for (const [key, value] of Object.entries(props).reverse()) {
            if (value === undefined) continue;
            const end = this.mark();
            this.valueField(2, value);
            this.textField(1, key);
            this.header(1, end - this.mark());
        }
    }

    private valueField(field: number, value: unknown): void {
        const end = this.mark();
        this.value(value);
        this.header(field, end - this.mark());
    }

    private value(value: unknown): void {
        if (typeof value === "string") this.textField(STRING_VALUE, value);
        else if (typeof value === "number") this.number(value);
        else if (typeof value === "boolean") this.flag(BOOL_VALUE, value);
        else if (value === null || value === undefined) this.flag(NULL_VALUE, false);
        else if (Array.isArray(value)) {
            const end = this.mark();
            for (let index = value.length - 1; index >= 0; index -= 1) this.valueField(1, value[index]);
            this.header(LIST_VALUE, end - this.mark());
        } else if (isProps(value)) {
            const end = this.mark();
            this.struct(value);
            this.header(STRUCT_VALUE, end - this.mark());
        } else this.value(toWire(value));
    }

    private textField(field: number, value: string): void {
        const length = Buffer.byteLength(value);
        this.reserve(length);
        this.start -= length;
        this.buffer.write(value, this.start, length, "utf8");
        this.header(field, length);
    }

    private number(value: number): void {
        this.reserve(9);
        this.start -= 8;
        this.buffer.writeDoubleLE(value, this.start);
        this.start -= 1;
        this.buffer[this.start] = (NUMBER_VALUE << 3) | FIXED64;
    }

    private flag(field: number, value: boolean): void {
        this.reserve(2);
        this.start -= 2;
        this.buffer[this.start] = (field << 3) | VARINT;
        this.buffer[this.start + 1] = value ? 1 : 0;
    }

    raw(bytes: Buffer): void {
        this.reserve(bytes.length);
        this.start -= bytes.length;
        bytes.copy(this.buffer, this.start);
    }

    /** tag and length, in front of what was written */
    header(field: number, length: number): void {
        this.varint(length);
        this.varint(((field << 3) | BYTES) >>> 0);
    }

    private varint(value: number): void {
        let size = 1;
        for (let rest = value >>> 7; rest; rest >>>= 7) size += 1;
        this.reserve(size);
        this.start -= size;
        for (let index = 0; index < size; index += 1) {
            this.buffer[this.start + index] = ((value >>> (7 * index)) & 127) | (index < size - 1 ? 128 : 0);
        }
    }

    /** How much has been written, counted from the end: stays valid when the buffer grows. */
    private mark(): number {
        return this.start - this.buffer.length;
    }

    private reserve(bytes: number): void {
        if (this.start >= bytes) return;
        const used = this.buffer.length - this.start;
        const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, used + bytes));
        this.buffer.copy(grown, grown.length - used, this.start);
        this.buffer = grown;
        this.start = grown.length - used;
    }
}
