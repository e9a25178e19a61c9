import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { AboutResponse, DependencyInfo, GetProgramDependenciesResponse } from "@pulumi/pulumi/proto/language_pb";

/** What `pulumi about` prints of the runtime. */
export async function about(directory: string): Promise<AboutResponse> {
    const response = new AboutResponse();
    response.setExecutable(process.execPath);
    response.setVersion(process.version);
    const metadata = response.getMetadataMap();
    metadata.set("packagemanager", "npm");
    const npm = await npmVersion(directory);
    if (npm) metadata.set("packagemanagerVersion", npm);
    const typescript = installedVersion(directory, "typescript");
    if (typescript) metadata.set("typescriptVersion", typescript);
    return response;
}

async function npmVersion(directory: string): Promise<string | undefined> {
    try {
        return (await promisify(execFile)("npm", ["--version"], { cwd: directory })).stdout.trim();
    } catch {
        return undefined;
    }
}

/** The program's npm packages with the versions that are installed: its own, or with all that they bring along. */
export function programDependencies(directory: string, transitive: boolean): GetProgramDependenciesResponse {
    const response = new GetProgramDependenciesResponse();
    for (const [name, version] of transitive ? lockedPackages(directory) : directPackages(directory)) {
        const dependency = new DependencyInfo();
        dependency.setName(name);
        dependency.setVersion(version);
        response.addDependencies(dependency);
    }
    return response;
}

function directPackages(directory: string): [string, string][] {
    const manifest = readJson(join(directory, "package.json"));
    const names = Object.keys({ ...section(manifest, "dependencies"), ...section(manifest, "devDependencies") });
    return names.sort().flatMap((name) => {
        const version = installedVersion(directory, name);
        return version ? [[name, version] as [string, string]] : [];
    });
}

function lockedPackages(directory: string): [string, string][] {
    const lock = readJson(join(directory, "package-lock.json"));
    return Object.entries(section(lock, "packages")).flatMap(([path, entry]) => {
        const at = path.lastIndexOf("node_modules/");
        const version = (entry as { version?: string }).version;
        return at < 0 || !version ? [] : [[path.slice(at + "node_modules/".length), version] as [string, string]];
    });
}

function installedVersion(directory: string, name: string): string | undefined {
    try {
        const manifest = createRequire(join(directory, "package.json")).resolve(`${name}/package.json`);
        return readJson(manifest)["version"] as string;
    } catch {
        return undefined;
    }
}

function section(json: Record<string, unknown>, name: string): Record<string, unknown> {
    return (json[name] as Record<string, unknown> | undefined) ?? {};
}

function readJson(path: string): Record<string, unknown> {
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>) : {};
}
