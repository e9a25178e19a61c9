import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { DetailedError } from "./server";
import { encodeStruct, fieldBytes } from "./struct-codec";
import type { Props } from "./values";

/** The numbers of the detail's Struct fields, as provider.proto gives them. */
const PROPERTIES = 2;
const INPUTS = 4;

/**
 * The error of an operation that took effect but did not complete: the engine keeps the resource in state, with the
 * reasons, and tries again on the next update.
 * @param id the resource's id
 * @param state what exists now
 * @param inputs the inputs to keep, if they differ from the ones the engine sent
 */
export function initFailed(
    id: string,
    message: string,
    reasons: string[],
    state: Props,
    inputs?: Props,
): DetailedError {
    const detail = new ErrorResourceInitFailed();
    detail.setId(id);
    detail.setReasonsList([message, ...reasons]);
    const bytes = [Buffer.from(detail.serializeBinary()), fieldBytes(PROPERTIES, encodeStruct(state))];
    if (inputs) bytes.push(fieldBytes(INPUTS, encodeStruct(inputs)));

    const any = new Any();
    any.pack(Buffer.concat(bytes), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(any);

    const metadata = new grpc.Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return new DetailedError(message, metadata);
}
