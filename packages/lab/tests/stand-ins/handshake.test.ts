import type { handleUnaryCall } from "@grpc/grpc-js";
import { PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { GetMappingResponse, GetMappingsResponse, GetSchemaResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { expect, it, vi } from "vitest";
import { commandService } from "../../src/stand-ins/command/service";
import { COMMAND_VERSION } from "../../src/stand-ins/command/version";
import { Engine } from "../../src/stand-ins/rpc/engine";
import { handshake } from "../../src/stand-ins/rpc/handshake";

/** Calls one of a service's methods without a network. */
function call<Response>(service: object, method: string, request: object = new Empty()): Promise<Response> {
    const handler = (service as Record<string, handleUnaryCall<object, Response>>)[method];
    return new Promise((resolve, reject) => {
        handler?.({ request } as never, (error, response) => (response ? resolve(response) : reject(error)));
    });
}

it("answers what every plugin is asked first", async () => {
    const service = handshake(new Engine(undefined), "1.2.3", new AbortController());
    expect((await call<PluginInfo>(service, "getPluginInfo")).getVersion()).toBe("1.2.3");
    expect((await call<GetSchemaResponse>(service, "getSchema")).getSchema()).toBe("{}");
    expect(await call(service, "getMapping")).toBeInstanceOf(GetMappingResponse);
    expect(await call(service, "getMappings")).toBeInstanceOf(GetMappingsResponse);
});

it("connects to the engine that attaches", async () => {
    const engine = new Engine(undefined);
    const connect = vi.spyOn(engine, "connect").mockReturnValue();
    await call(
        handshake(engine, "1.2.3", new AbortController()),
        "attach",
        new PluginAttach().setAddress("127.0.0.1:1"),
    );
    expect(connect).toHaveBeenCalledExactlyOnceWith("127.0.0.1:1");
});

it("cancels the run", async () => {
    const cancelled = new AbortController();
    await call(handshake(new Engine(undefined), "1.2.3", cancelled), "cancel");
    expect(cancelled.signal.aborted).toBe(true);
});

it.each([["the Command plugin", commandService, COMMAND_VERSION]] as const)(
    "is part of %s, with its own version",
    async (_, service, version) => {
        expect((await call<PluginInfo>(service(new Engine(undefined)), "getPluginInfo")).getVersion()).toBe(version);
    },
);
