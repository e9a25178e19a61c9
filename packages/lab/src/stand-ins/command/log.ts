import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Shows a line beside a resource while it is worked on. */
export type Log = (urn: string, line: string) => void;

/** Lets the engine at this address show the lines; without an address, nobody does. */
export function engineLog(address: string | undefined): Log {
    if (address === undefined) return () => undefined;
    const client = new EngineClient(address, credentials.createInsecure());
    return (urn, line) => {
        const request = new LogRequest();
        request.setSeverity(LogSeverity.INFO);
        request.setUrn(urn);
        request.setMessage(line);
        request.setEphemeral(true);
        // A line that cannot be delivered must not fail the command that printed it.
        client.log(request, () => undefined);
    };
}
