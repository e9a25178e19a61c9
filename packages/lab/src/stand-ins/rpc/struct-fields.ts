/** Messages whose Struct fields bypass the generated classes: see struct-codec. */
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { decodeStruct, encodeStruct, fieldBytes, splitFields } from "./struct-codec";
import type { Props } from "./values";

/** Bytes of Struct fields by field number, kept beside the message that they belong to. */
const beside = new WeakMap<object, Map<number, Buffer>>();

/** The property values in a message's Struct field; a field that is missing is an empty object. */
export function structOf(message: object, field: number): Props {
    const bytes = beside.get(message)?.get(field);
    return bytes ? decodeStruct(bytes) : {};
}

/** Puts property values into a message's Struct field. @returns the message */
export function withStruct<T extends object>(message: T, field: number, props: Props): T {
    const fields = beside.get(message) ?? new Map<number, Buffer>();
    beside.set(message, fields.set(field, encodeStruct(props)));
    return message;
}

/** The numbers of a method's Struct fields. */
export interface StructFields {
    request?: number[];
    response?: number[];
}

/** A method that keeps the Struct fields of what it reads beside the message, and writes those that stand beside it. */
export function fastMethod<Request extends object, Response extends object>(
    method: MethodDefinition<Request, Response>,
    fields: StructFields,
): MethodDefinition<Request, Response> {
    return {
        ...method,
        requestSerialize: serializer(method.requestSerialize),
        responseSerialize: serializer(method.responseSerialize),
        requestDeserialize: deserializer(method.requestDeserialize, fields.request),
        responseDeserialize: deserializer(method.responseDeserialize, fields.response),
    };
}

/** A service with some of its methods made fast. */
export function fastService(service: ServiceDefinition, fields: Record<string, StructFields>): ServiceDefinition {
    const entries = Object.entries(service).map(([name, method]) => [name, fastMethod(method, fields[name] ?? {})]);
    return Object.fromEntries(entries) as ServiceDefinition;
}

function serializer<T extends object>(serialize: (message: T) => Buffer): (message: T) => Buffer {
    return (message) => {
        const fields = [...(beside.get(message) ?? [])].map(([field, bytes]) => fieldBytes(field, bytes));
        return Buffer.concat([serialize(message), ...fields]);
    };
}

function deserializer<T extends object>(
    deserialize: (bytes: Buffer) => T,
    numbers: number[] = [],
): (bytes: Buffer) => T {
    if (numbers.length === 0) return deserialize;
    const wanted = new Set(numbers);
    return (bytes) => {
        const { taken, rest } = splitFields(bytes, wanted);
        const message = deserialize(rest);
        beside.set(message, taken);
        return message;
    };
}
