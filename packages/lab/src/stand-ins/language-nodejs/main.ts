/**
 * The lab's stand-in for Pulumi's Node.js language host: the plugin by which the engine runs a program written in
 * TypeScript or JavaScript. The engine passes its address as the first argument.
 */
import type { ServerWritableStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { version } from "@pulumi/pulumi/version";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { exitWithParent } from "../parent";
import { about, programDependencies } from "./about";
import { installDependencies } from "./install";
import { requiredPackages } from "./packages";
import { Programs } from "./run";
import { serve, unary } from "./server";

function service(programs: Programs): UntypedServiceImplementation {
    return {
        handshake: unary((request: language.LanguageHandshakeRequest) => {
            programs.engineAddress = request.getEngineAddress();
            return new language.LanguageHandshakeResponse();
        }),
        getPluginInfo: unary(() => {
            const info = new PluginInfo();
            info.setVersion(version);
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
        runPlugin: (call: ServerWritableStream<language.RunPluginRequest, language.RunPluginResponse>) =>
            programs.runPlugin(call),
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

const engineAddress = process.argv.slice(2).find((arg) => !arg.startsWith("-")) ?? "";
exitWithParent();
void serve(LanguageRuntimeService, service(new Programs(engineAddress)));
