import { credentials } from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { type Callback, CallbackInvokeRequest, type CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import {
    ErrorHookRequest,
    ErrorHookResponse,
    ResourceHookRequest,
    ResourceHookResponse,
    TransformRequest,
    TransformResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { nameIn } from "./mocks";

/**
 * Sends a remote component's child through transforms, as the engine does: over the wire, first without its provider,
 * then each with what the one before has answered.
 *
 * @returns the child's properties and the name of the provider that the engine is told; none means its default one
 */
export async function transformChild(
    transforms: readonly Callback[],
    child: { type: string; name: string; props: object },
): Promise<{ props: unknown; provider?: string }> {
    const request = new TransformRequest()
        .setType(child.type)
        .setName(child.name)
        .setCustom(true)
        .setProperties(Struct.fromJavaScript(child.props as never));
    for (const transform of transforms) {
        const response = TransformResponse.deserializeBinary(await invoke(transform, request.serializeBinary()));
        request.setProperties(response.getProperties()).setOptions(response.getOptions());
    }
    return { props: request.getProperties()?.toJavaScript(), provider: nameIn(request.getOptions()?.getProvider()) };
}

/** Tells an error hook that the creation of a resource failed; it answers whether the engine shall try again. */
export async function failCreation(hook: Callback, error: string): Promise<{ retry: boolean }> {
    const request = new ErrorHookRequest().setFailedOperation("create").setErrorsList([error]);
    const response = ErrorHookResponse.deserializeBinary(await invoke(hook, request.serializeBinary()));
    if (response.getError() !== "") throw new Error(`the hook failed: ${response.getError()}`);
    return { retry: response.getRetry() };
}

/**
 * Tells a hook of a resource that it was made, with these outputs.
 *
 * @returns why the engine would fail the update; nothing where it would go on
 */
export async function tellMade(hook: Callback, outputs: object): Promise<string> {
    const request = new ResourceHookRequest().setNewOutputs(Struct.fromJavaScript(outputs as never));
    return ResourceHookResponse.deserializeBinary(await invoke(hook, request.serializeBinary())).getError();
}

/** Calls a function of the program's, as the engine does. */
async function invoke(callback: Callback, request: Uint8Array): Promise<Uint8Array> {
    const client = new CallbacksClient(callback.getTarget(), credentials.createInsecure());
    const invocation = new CallbackInvokeRequest().setToken(callback.getToken()).setRequest(request);
    try {
        const response = await new Promise<CallbackInvokeResponse>((resolve, reject) =>
            client.invoke(invocation, (error, answer) => (error ? reject(error) : resolve(answer))),
        );
        return response.getResponse_asU8();
    } finally {
        client.close();
    }
}
