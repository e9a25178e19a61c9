import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { wholeDirectory } from "./whole";

/**
 * The directory of the workloads' JavaScript, `<cache>/workloads/<hash of the sources>`; made on first use. Each file
 * is one of
 * `sources` without its types: a workload's process should hold Node.js and itself, and no compiler.
 */
export async function ensureWorkloads(sources: string, cache: string): Promise<string> {
    const names = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith(".ts")).sort();
    const files = await Promise.all(
        names.map(async (name) => [name, await readFile(join(sources, name), "utf8")] as const),
    );
    const dir = join(cache, "workloads", createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16));
    await wholeDirectory(dir, async (partial) => {
        const { ModuleKind, ScriptTarget, transpileModule } = await import("typescript");
        for (const [name, text] of files) {
            const { outputText } = transpileModule(text, {
                compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
            });
            const file = join(partial, name.replace(/\.ts$/, ".js"));
            await mkdir(dirname(file), { recursive: true });
            await writeFile(file, outputText);
        }
    });
    return dir;
}
