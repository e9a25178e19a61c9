import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { type Report, run } from "../run";
import { type Go, goEnvironment } from "./go";
import { buildFlags, modFlag, type OtherModule, requiredVersions, type ToolBuild, TOOLS } from "./tools";
import { wholeDirectory } from "./whole";

/** The name of a build's directory: `<name>-<hash of its module's files, Go and the flags>`. */
export async function buildKey(moduleDir: string, build: ToolBuild, goVersion: string): Promise<string> {
    const names = (await readdir(moduleDir, { recursive: true }))
        .filter((name) => name === "go.mod" || name === "go.sum" || name.endsWith(".go"))
        .sort();
    const hash = createHash("sha256");
    const add = (part: string | Buffer) => hash.update(`${part.length}:`).update(part);
    for (const name of names) {
        add(name);
        add(await readFile(join(moduleDir, name)));
    }
    const flags = buildFlags(build, await requiredVersions(join(moduleDir, "go.mod")));
    const files = Object.entries(build.files ?? {}).map((file) => JSON.stringify(file));
    const other = build.other ? [JSON.stringify(build.other)] : [];
    for (const part of [goVersion, process.arch, ...flags, ...build.packages, ...files, ...other]) add(part);
    return `${build.name}-${hash.digest("hex").slice(0, 16)}`;
}

/**
 * The directory that holds a build's programs and files, `<cache>/tools/<key>`; builds them if it does not exist.
 * @throws UserError if go cannot build them.
 */
export async function ensureBuild(
    build: ToolBuild,
    cache: string,
    go: Go,
    report: Report,
): Promise<{ dir: string; built: boolean }> {
    const moduleDir = join(TOOLS, build.module);
    const dir = join(cache, "tools", await buildKey(moduleDir, build, go.version));
    try {
        const built = await wholeDirectory(dir, (partial) =>
            withModule(moduleDir, build.other, go, async (cwd) => {
                const total = await countPackages(build, cwd, go, report);
                await compile(build, cwd, partial, go, total, report);
                await copyFiles(build, cwd, partial, go);
            }),
        );
        return { dir, built };
    } catch (error) {
        const module = `packages/lab/tools/${build.module}`;
        throw new UserError(
            `${build.name} could not be built from ${module} with Go ${go.version}: ${reasonOf(error)}`,
        );
    }
}

/**
 * Runs `work` in the module's directory or, where another module's version is wanted, in a copy of its go.mod that
 * requires that one: with the copy's sums and that module's own, nothing that is built is unknown to go.sum.
 */
async function withModule(
    moduleDir: string,
    other: OtherModule | undefined,
    go: Go,
    work: (cwd: string) => Promise<void>,
): Promise<void> {
    if (!other) return work(moduleDir);
    const { module, version, sum, goModSum } = other;
    const cwd = await mkdtemp(join(tmpdir(), "istio-on-pulumi-module-"));
    const options = { cwd, env: goEnvironment() };
    try {
        await cp(join(moduleDir, "go.mod"), join(cwd, "go.mod"));
        const own = await readFile(join(moduleDir, "go.sum"), "utf8");
        const sums = `${own}${module} ${version} ${sum}\n${module} ${version}/go.mod ${goModSum}\n`;
        await writeFile(join(cwd, "go.sum"), sums);
        const downloaded = await run([go.command, "mod", "download", "-json", `${module}@${version}`], options);
        const { Dir } = JSON.parse(downloaded) as { Dir: string };
        await writeFile(join(cwd, "go.sum"), sums + (await readFile(join(Dir, "go.sum"), "utf8")));
        await run([go.command, "mod", "edit", `-require=${module}@${version}`], options);
        await work(cwd);
    } finally {
        await rm(cwd, { recursive: true, force: true });
    }
}

/** Number of packages that the programs consist of; downloads what is missing, checked against go.sum. */
async function countPackages(build: ToolBuild, cwd: string, go: Go, report: Report): Promise<number> {
    let downloads = 0;
    report("looking for its modules");
    const onLine = (line: string) => {
        const name = /^go: downloading (\S+)/.exec(line)?.[1];
        if (name) report(`downloading: ${(downloads += 1)} modules, now ${name}`);
    };
    const list = await run([go.command, "list", modFlag(build), "-deps", ...build.packages], {
        cwd,
        env: goEnvironment(),
        onLine,
    });
    return list.trim().split("\n").length;
}

async function compile(
    build: ToolBuild,
    cwd: string,
    output: string,
    go: Go,
    total: number,
    report: Report,
): Promise<void> {
    let compiled = 0;
    const start = Date.now();
    const onLine = (line: string) => {
        // -v prints the import path of each package that is compiled, and nothing for one that was before.
        if (!/^\S+$/.test(line)) return;
        compiled += 1;
        report(`${compiled} of ${total} packages compiled, ${Math.round((Date.now() - start) / 1000)} s`);
    };
    report(`compiling ${total} packages`);
    const flags = buildFlags(build, await requiredVersions(join(cwd, "go.mod")));
    await run([go.command, "build", "-v", ...flags, "-o", `${output}/`, ...build.packages], {
        cwd,
        env: goEnvironment(),
        onLine,
    });
}

/** Copies what the programs read at run time out of the modules that they were built from. */
async function copyFiles(build: ToolBuild, cwd: string, output: string, go: Go): Promise<void> {
    for (const [name, from] of Object.entries(build.files ?? {})) {
        const dir = await run([go.command, "list", modFlag(build), "-m", "-f", "{{.Dir}}", from.module], {
            cwd,
            env: goEnvironment(),
        });
        await writeFile(join(output, name), await readFile(join(dir.trim(), from.path)));
    }
}
