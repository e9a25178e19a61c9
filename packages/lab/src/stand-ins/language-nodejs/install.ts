import { spawn } from "node:child_process";
import type * as grpc from "@grpc/grpc-js";
import { type InstallDependenciesRequest, InstallDependenciesResponse } from "@pulumi/pulumi/proto/language_pb";
import { forwardOutput } from "./server";

/** `pulumi install`: runs npm in the folder of the program or plugin and streams what it prints. */
export function installDependencies(
    call: grpc.ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
): void {
    const directory = call.request.getInfo()?.getProgramDirectory() || call.request.getDirectory();
    const npm = spawn("npm", ["install", "--loglevel=error"], { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
    const say = forwardOutput(call, npm, InstallDependenciesResponse, {
        notStarted: "npm could not be started",
        failed: (code) => `npm install in ${directory} ended with exit code ${code}: see its output above.`,
        done: "Finished installing dependencies\n\n",
    });
    say("Installing dependencies...\n\n");
}
