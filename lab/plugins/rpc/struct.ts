import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { fromWire, toWire, type Props } from "./values";

/** Reads a protobuf Struct; a missing one is an empty object. */
export function fromStruct(struct: Struct | undefined): Props {
    return struct ? (fromWire(struct.toJavaScript()) as Props) : {};
}

/** Writes property values as a protobuf Struct. */
export function toStruct(props: Props): Struct {
    return Struct.fromJavaScript(toWire(props) as Parameters<typeof Struct.fromJavaScript>[0]);
}
