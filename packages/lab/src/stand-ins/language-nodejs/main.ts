/**
 * The lab's stand-in for Pulumi's Node.js language host: the plugin by which the engine runs a program written in
 * TypeScript or JavaScript. The engine passes its address as the first argument.
 */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { serve, unary } from "../rpc/server";
import { about, programDependencies } from "./about";
import { installDependencies } from "./install";
import { requiredPackages } from "./packages";
import { Programs } from "./run";
import { LANGUAGE_HOST_VERSION } from "./version";

function main(args: string[]): void {
    if (args.includes("--version") || args.includes("-version")) {
        console.log(`v${LANGUAGE_HOST_VERSION} (stand-in of the lab)`);
        return;
    }
    const programs = new Programs(args.find((arg) => !arg.startsWith("-")) ?? "");
    void serve(LanguageRuntimeService, service(programs));
}

function service(programs: Programs): UntypedServiceImplementation {
    return {
        handshake: unary((request: language.LanguageHandshakeRequest) => {
            programs.engineAddress = request.getEngineAddress();
            return new language.LanguageHandshakeResponse();
        }),
        getPluginInfo: unary(() => {
            const info = new PluginInfo();
            info.setVersion(LANGUAGE_HOST_VERSION);
            return info;
        }),
        getRequiredPackages: unary((request: language.GetRequiredPackagesRequest) => {
            const response = new language.GetRequiredPackagesResponse();
            for (const required of requiredPackages(programDirectory(request))) {
                const dependency = new PackageDependency();
                dependency.setName(required.name);
                dependency.setKind("resource");
                dependency.setVersion(required.version);
                dependency.setServer(required.server);
                response.addPackages(dependency);
            }
            return response;
        }),
        run: unary((request: language.RunRequest) => programs.run(request)),
        about: unary((request: language.AboutRequest) => about(programDirectory(request))),
        getProgramDependencies: unary((request: language.GetProgramDependenciesRequest) =>
            programDependencies(programDirectory(request), request.getTransitivedependencies()),
        ),
        installDependencies,
        runtimeOptionsPrompts: unary(() => new language.RuntimeOptionsResponse()),
        template: unary(() => new language.TemplateResponse()),
        cancel: unary(() => {
            programs.cancel();
            return new Empty();
        }),
    };
}

function programDirectory(request: { getInfo(): language.ProgramInfo | undefined }): string {
    return request.getInfo()?.getProgramDirectory() || process.cwd();
}

main(process.argv.slice(2));
