// Builds what the npm package consists of: the library, the inspections and the policy pack as JavaScript, and the
// library's types.
// Run by `npm pack`; a program in this repository needs none of it.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(repository, "dist");
/** @type {{ version: string, dependencies: Record<string, string> }} */
// eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- JavaScript has no cast that the rule knows
const { version, dependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

rmSync(dist, { recursive: true, force: true });
await build({
    absWorkingDir: repository,
    entryPoints: {
        index: "components/index.ts",
        "mesh-inspect": "packages/inspect/src/cli.ts",
        "policy/index": "policy/index.ts",
    },
    outdir: dist,
    bundle: true,
    platform: "node",
    target: "node20",
    // What the package depends on is installed with it; its workspaces and their other libraries are not.
    external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
});

// A policy pack is a directory with these two files.
copyFileSync(join(repository, "policy", "PulumiPolicy.yaml"), join(dist, "policy", "PulumiPolicy.yaml"));
writeFileSync(join(dist, "policy", "package.json"), JSON.stringify({ name: "policy", version, main: "index.js" }));

const tsc = join(repository, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: repository,
    stdio: "inherit",
});
if (status !== 0) process.exit(1);

// The workspaces are not installed with the package; their types lie beside.
const types = join(dist, "types");
for (const file of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(types, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(
        path,
        text.replace(/(["'])@istio-on-pulumi\/(kube|inspect)\1/g, (_, quote, name) => {
            const target = relative(dirname(path), join(types, "packages", String(name), "src", "index.js"));
            return `${quote}${target.startsWith(".") ? target : `./${target}`}${quote}`;
        }),
    );
}
