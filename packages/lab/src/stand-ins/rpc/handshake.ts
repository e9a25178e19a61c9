import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Engine } from "./engine";
import { unary } from "./server";

/**
 * The calls that every plugin answers in the same way: who it is, where the engine listens, that the run is cancelled, and
 * that it has neither a schema nor mappings, which only code generators ask for.
 * @param cancelled aborted when the engine cancels the run.
 */
export function handshake(engine: Engine, version: string, cancelled: AbortController): UntypedServiceImplementation {
    return {
        getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
        attach: unary((request: PluginAttach) => {
            engine.connect(request.getAddress());
            return new Empty();
        }),
        cancel: unary(() => {
            cancelled.abort();
            return new Empty();
        }),
        getSchema: unary(() => new pb.GetSchemaResponse().setSchema("{}")),
        getMapping: unary(() => new pb.GetMappingResponse()),
        getMappings: unary(() => new pb.GetMappingsResponse()),
    };
}
