/** A span, as far as the lab tells of it. */
export interface Span {
    readonly traceId: string;
    readonly spanId: string;
    /** Empty for the first span of a trace. */
    readonly parentId: string;
    readonly service: string;
    readonly name: string;
    /** In microseconds since 1970. */
    readonly start: number;
    /** In microseconds. */
    readonly duration: number;
    readonly tags: Readonly<Record<string, string>>;
}

/** A field of a protobuf message: its number, and its bytes, or what it holds where that is a number. */
type Field = readonly [number: number, value: Buffer | bigint];

/** @throws RangeError where the message ends within a field. */
function* fieldsOf(message: Buffer): Generator<Field> {
    let at = 0;
    const varint = () => {
        let value = 0n;
        for (let shift = 0n; ; shift += 7n) {
            const byte = message.readUInt8(at++);
            value |= BigInt(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
    };
    while (at < message.length) {
        const key = Number(varint());
        const number = key >> 3;
        switch (key & 7) {
            case 0:
                yield [number, varint()];
                break;
            case 1:
                yield [number, message.readBigUInt64LE(at)];
                at += 8;
                break;
            case 2: {
                const length = Number(varint());
                if (at + length > message.length) throw new RangeError("The message ends within a field");
                yield [number, message.subarray(at, at + length)];
                at += length;
                break;
            }
            case 5:
                yield [number, BigInt(message.readUInt32LE(at))];
                at += 4;
                break;
            default:
                throw new RangeError(`Field ${number} has no known type`);
        }
    }
}

const messages = (message: Buffer, number: number) =>
    [...fieldsOf(message)].flatMap(([each, value]) => (each === number && Buffer.isBuffer(value) ? [value] : []));
const text = (message: Buffer, number: number) => messages(message, number)[0]?.toString() ?? "";

/** Attributes whose value is a text; the numbers are those of opentelemetry's common.proto. */
function attributesIn(message: Buffer, number: number): Record<string, string> {
    return Object.fromEntries(
        messages(message, number).map((pair) => [text(pair, 1), text(messages(pair, 2)[0] ?? Buffer.of(), 1)]),
    );
}

/**
 * The spans of an `ExportTraceServiceRequest`: resource spans (1), each a resource (1) and scope spans (2), each with
 * spans (2).
 * @throws RangeError if it is none.
 */
export function spansIn(request: Buffer): Span[] {
    return messages(request, 1).flatMap((resourceSpans) => {
        const [resource = Buffer.of()] = messages(resourceSpans, 1);
        const service = attributesIn(resource, 1)["service.name"] ?? "";
        return messages(resourceSpans, 2)
            .flatMap((scopeSpans) => messages(scopeSpans, 2))
            .map((span) => spanOf(span, service));
    });
}

function spanOf(span: Buffer, service: string): Span {
    const fields = new Map(fieldsOf(span));
    const hex = (number: number) => (fields.get(number) as Buffer | undefined)?.toString("hex") ?? "";
    const micros = (number: number) => Number(((fields.get(number) as bigint | undefined) ?? 0n) / 1000n);
    return {
        traceId: hex(1),
        spanId: hex(2),
        parentId: hex(4),
        service,
        name: text(span, 5),
        start: micros(7),
        duration: micros(8) - micros(7),
        tags: attributesIn(span, 9),
    };
}
