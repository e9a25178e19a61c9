import { spawn } from "node:child_process";
import * as grpc from "@grpc/grpc-js";
import { type InstallDependenciesRequest, InstallDependenciesResponse } from "@pulumi/pulumi/proto/language_pb";

/** `pulumi install`: runs npm in the program's folder and streams what it prints. */
export function installDependencies(
    call: grpc.ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
): void {
    const directory = call.request.getInfo()?.getProgramDirectory() || call.request.getDirectory();
    const say = (text: string | Buffer, stream: "stdout" | "stderr" = "stdout"): void => {
        const response = new InstallDependenciesResponse();
        const bytes = new Uint8Array(Buffer.from(text as string));
        if (stream === "stdout") response.setStdout(bytes);
        else response.setStderr(bytes);
        call.write(response);
    };
    const fail = (details: string): void => void call.emit("error", { code: grpc.status.UNKNOWN, details });

    say("Installing dependencies...\n\n");
    const npm = spawn("npm", ["install", "--loglevel=error"], { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
    npm.stdout.on("data", (chunk: Buffer) => say(chunk));
    npm.stderr.on("data", (chunk: Buffer) => say(chunk, "stderr"));
    npm.once("error", (error) => fail(`npm could not be started: ${error.message}`));
    npm.once("close", (code) => {
        if (code !== 0) return fail(`npm install in ${directory} ended with exit code ${code}: see its output above.`);
        say("Finished installing dependencies\n\n");
        call.end();
    });
}
