import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { type Report, run } from "../run";
import { type Go, goEnvironment } from "./go";
import { buildFlags, type ToolModule } from "./tools";

/** The directory of a module's programs: `<name>-<hash of its files, Go and the flags>`. */
export async function buildKey(moduleDir: string, module: ToolModule, goVersion: string): Promise<string> {
    const names = (await readdir(moduleDir))
        .filter((name) => name === "go.mod" || name === "go.sum" || name.endsWith(".go"))
        .sort();
    const hash = createHash("sha256");
    const add = (part: string | Buffer) => hash.update(`${part.length}:`).update(part);
    for (const name of names) {
        add(name);
        add(await readFile(join(moduleDir, name)));
    }
    const files = Object.entries(module.files ?? {}).map((file) => JSON.stringify(file));
    for (const part of [goVersion, process.arch, ...buildFlags(module), ...module.packages, ...files]) add(part);
    return `${module.name}-${hash.digest("hex").slice(0, 16)}`;
}

/**
 * The directory that holds a module's programs; builds them if it does not exist. A build appears whole or not at all.
 * @throws UserError if go cannot build it.
 */
export async function buildModule(
    module: ToolModule,
    place: { toolsDir: string; cache: string },
    go: Go,
    report: Report,
): Promise<{ dir: string; built: boolean }> {
    const moduleDir = join(place.toolsDir, module.name);
    const toolsCache = join(place.cache, "tools");
    const dir = join(toolsCache, await buildKey(moduleDir, module, go.version));
    if (existsSync(dir)) return { dir, built: false };
    await removePartial(toolsCache);
    const partial = join(toolsCache, `.partial-${process.pid}-${module.name}`);
    await mkdir(partial, { recursive: true });
    try {
        const total = await countPackages(module, moduleDir, go, report);
        await compile(module, moduleDir, partial, go, total, report);
        await copyFiles(module, moduleDir, partial, go);
        await rename(partial, dir);
    } catch (error) {
        // Another build of the same was faster.
        if (!existsSync(dir))
            throw new UserError(
                `packages/lab/tools/${module.name} could not be built with Go ${go.version}: ${reasonOf(error)}`,
            );
    } finally {
        await rm(partial, { recursive: true, force: true });
    }
    return { dir, built: true };
}

/** Number of packages that the programs consist of; downloads what is missing, checked against go.sum. */
async function countPackages(module: ToolModule, cwd: string, go: Go, report: Report): Promise<number> {
    let downloads = 0;
    report("looking for its modules");
    const onLine = (line: string) => {
        const name = /^go: downloading (\S+)/.exec(line)?.[1];
        if (name) report(`downloading: ${(downloads += 1)} modules, now ${name}`);
    };
    const list = await run([go.command, "list", "-mod=readonly", "-deps", ...module.packages], {
        cwd,
        env: goEnvironment(),
        onLine,
    });
    return list.trim().split("\n").length;
}

async function compile(
    module: ToolModule,
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
    await run([go.command, "build", "-v", ...buildFlags(module), "-o", `${output}/`, ...module.packages], {
        cwd,
        env: goEnvironment(),
        onLine,
    });
}

/** Copies what the programs read at run time out of the modules that they were built from. */
async function copyFiles(module: ToolModule, cwd: string, output: string, go: Go): Promise<void> {
    for (const [name, from] of Object.entries(module.files ?? {})) {
        const dir = await run([go.command, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", from.module], {
            cwd,
            env: goEnvironment(),
        });
        await writeFile(join(output, name), await readFile(join(dir.trim(), from.path)));
    }
}

/** Removes what an interrupted build left, unless its process still runs. */
async function removePartial(toolsCache: string): Promise<void> {
    const names = await readdir(toolsCache).catch((): string[] => []);
    for (const name of names) {
        const pid = /^\.partial-(\d+)-/.exec(name)?.[1];
        if (pid !== undefined && !existsSync(`/proc/${pid}`))
            await rm(join(toolsCache, name), { recursive: true, force: true });
    }
}
