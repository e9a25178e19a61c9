import * as grpc from "@grpc/grpc-js";

/** Bytes in one message; the engine allows as much, and a state full of CRDs needs it. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** Limits for servers and clients alike. */
export const CHANNEL_OPTIONS: grpc.ChannelOptions = {
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
};

/**
 * Serves one gRPC service on a free loopback port, and prints the port on stdout, which is how the engine finds it.
 * The process ends when the engine ends it, or when the engine is gone: its end of stdin closes or the parent changes.
 */
export async function serve(
    service: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
): Promise<void> {
    const server = new grpc.Server(CHANNEL_OPTIONS);
    server.addService(service, implementation);
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        );
    });
    process.stdout.write(`${port}\n`);
    exitWithParent();
}

function exitWithParent(): void {
    const parent = process.ppid;
    setInterval(() => {
        if (process.ppid !== parent) process.exit(0);
    }, 2000).unref();
}

/** A unary call's handler as a promise; what it throws becomes the call's status. */
export function unary<Request, Response>(
    handler: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        Promise.resolve()
            .then(() => handler(call.request))
            .then(
                (response) => callback(null, response),
                (error: unknown) => callback(toServiceError(error)),
            );
    };
}

/** An error that carries details for the engine beside its message. */
export class DetailedError extends Error {
    constructor(
        message: string,
        readonly metadata: grpc.Metadata,
    ) {
        super(message);
    }
}

function toServiceError(error: unknown): Partial<grpc.StatusObject> {
    if (error instanceof DetailedError) {
        return { code: grpc.status.UNKNOWN, details: error.message, metadata: error.metadata };
    }
    if (error instanceof Error) {
        const code = (error as { code?: unknown }).code;
        const details = (error as { details?: unknown }).details;
        // A failed call to the engine is passed on as it is.
        if (typeof code === "number" && typeof details === "string") return { code, details };
        return { code: grpc.status.UNKNOWN, details: error.message };
    }
    return { code: grpc.status.UNKNOWN, details: String(error) };
}
