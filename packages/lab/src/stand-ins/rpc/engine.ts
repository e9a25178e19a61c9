import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { CHANNEL_OPTIONS } from "./server";

export type Severity = "debug" | "info" | "warning" | "error";

const SEVERITIES: Record<Severity, LogSeverity> = {
    debug: LogSeverity.DEBUG,
    info: LogSeverity.INFO,
    warning: LogSeverity.WARNING,
    error: LogSeverity.ERROR,
};

/** Where a plugin's messages go: the engine prints them beside the resource they concern. */
export class Engine {
    private client: EngineClient | undefined;

    /** @param address the engine's address; without one (a plugin started by hand) messages are dropped */
    constructor(address: string | undefined) {
        if (address) this.connect(address);
    }

    connect(address: string): void {
        this.client = new EngineClient(address, grpc.credentials.createInsecure(), CHANNEL_OPTIONS);
    }

    /** A message that stays in the output of the run. */
    log(severity: Severity, message: string, urn = ""): void {
        this.send(severity, message, urn, false);
    }

    /** A message that the next one for the same resource replaces; an empty one clears it. */
    status(severity: Severity, message: string, urn: string): void {
        this.send(severity, message, urn, true);
    }

    private send(severity: Severity, message: string, urn: string, ephemeral: boolean): void {
        const request = new LogRequest();
        request.setSeverity(SEVERITIES[severity]);
        request.setMessage(message);
        request.setUrn(urn);
        request.setEphemeral(ephemeral);
        // A message that cannot be delivered must not fail the operation it describes.
        this.client?.log(request, () => undefined);
    }
}

/** Messages about one resource, each passed on once. */
export class ResourceLog {
    private readonly seen = new Set<string>();

    constructor(
        private readonly engine: Engine,
        readonly urn: string,
    ) {}

    log(severity: Severity, message: string): void {
        if (this.first("log", severity, message)) this.engine.log(severity, message, this.urn);
    }

    status(severity: Severity, message: string): void {
        if (this.first("status", severity, message)) this.engine.status(severity, message, this.urn);
    }

    clear(): void {
        this.engine.status("info", "", this.urn);
    }

    private first(kind: string, severity: Severity, message: string): boolean {
        const key = `${kind}\0${severity}\0${message}`;
        if (this.seen.has(key)) return false;
        this.seen.add(key);
        return true;
    }
}
