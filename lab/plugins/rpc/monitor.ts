import * as grpc from "@grpc/grpc-js";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import type { RegisterResourceRequest, RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import { CHANNEL_OPTIONS } from "./server";
import { fastMethod } from "./struct-fields";

/** The number of the Struct field of a registration, as resource.proto gives it. */
export const OBJECT = 5;
/** The resource's state in the answer, which nobody here looks at. */
const ANSWERED_OBJECT = 3;

const { registerResource } = ResourceMonitorService as unknown as {
    registerResource: grpc.MethodDefinition<RegisterResourceRequest, RegisterResourceResponse>;
};
const METHOD = fastMethod(registerResource, { request: [OBJECT], response: [ANSWERED_OBJECT] });

/** The engine's side of a deployment, where resources are registered. */
export class Monitor {
    private readonly client: grpc.Client;

    constructor(address: string) {
        this.client = new grpc.Client(address, grpc.credentials.createInsecure(), CHANNEL_OPTIONS);
    }

    /** Registers a resource and waits for the engine to be done with it. */
    register(request: RegisterResourceRequest): Promise<RegisterResourceResponse> {
        return new Promise((resolve, reject) => {
            this.client.makeUnaryRequest<RegisterResourceRequest, RegisterResourceResponse>(
                METHOD.path,
                METHOD.requestSerialize,
                METHOD.responseDeserialize,
                request,
                (error, response) => (response ? resolve(response) : reject(error)),
            );
        });
    }

    close(): void {
        this.client.close();
    }
}
