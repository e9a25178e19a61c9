import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import * as grpc from "@grpc/grpc-js";

/** Serves one gRPC service on a free loopback port, and prints the port, which is how the engine finds it. */
export async function serve(
    service: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
): Promise<void> {
    const server = new grpc.Server();
    server.addService(service, implementation);
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        );
    });
    process.stdout.write(`${port}\n`);
}

/** A unary call's handler as a promise; what it throws becomes the call's status. */
export function unary<Request, Response>(
    handler: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        Promise.resolve(call.request)
            .then(handler)
            .then(
                (response) => callback(null, response),
                (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
            );
    };
}

/** A message that carries a piece of what a process printed. */
interface OutputMessage {
    setStdout(bytes: Uint8Array): unknown;
    setStderr(bytes: Uint8Array): unknown;
}

/**
 * Streams what a process prints to the engine, and ends the call as the process ends.
 * @returns prints something of our own.
 */
export function forwardOutput<Message extends OutputMessage>(
    call: grpc.ServerWritableStream<unknown, Message>,
    child: ChildProcessByStdio<null, Readable, Readable>,
    Message: new () => Message,
    words: { notStarted: string; failed: (code: number | null) => string; done?: string },
): (text: string | Buffer) => void {
    const write = (text: string | Buffer, stream: "setStdout" | "setStderr") => {
        const message = new Message();
        message[stream](new Uint8Array(Buffer.from(text as string)));
        call.write(message);
    };
    const fail = (details: string): void => void call.emit("error", { code: grpc.status.UNKNOWN, details });
    child.stdout.on("data", (chunk: Buffer) => write(chunk, "setStdout"));
    child.stderr.on("data", (chunk: Buffer) => write(chunk, "setStderr"));
    child.once("error", (error) => fail(`${words.notStarted}: ${error.message}`));
    child.once("close", (code) => {
        if (code !== 0) return fail(words.failed(code));
        if (words.done) write(words.done, "setStdout");
        call.end();
    });
    return (text) => write(text, "setStdout");
}
