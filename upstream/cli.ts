/** The command behind `npm run bundle`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { GATEWAY_API_VERSION, ISTIO_VERSION, reasonOf, UsageError, UserError } from "@istio-on-pulumi/kube";
import { type BundleOptions, writeBundle } from "./bundle";

const USAGE = `Usage: npm run bundle -- <dir> [--from upstream|go] [--go <command>]

Writes the files of Istio ${ISTIO_VERSION} and Gateway API ${GATEWAY_API_VERSION} that this project installs to <dir>, verified.

  --from upstream   only by HTTPS from the projects' repositories
  --from go         only from Go modules
                    default: by HTTPS, and from Go modules where that is not possible
  --go <command>    the go command; default: go on PATH
`;

function parse(argv: string[]): { dir: string; options: BundleOptions } | "help" {
    const { values, positionals } = parseArgs({
        args: argv,
        allowPositionals: true,
        options: { from: { type: "string" }, go: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) return "help";
    const [dir, ...rest] = positionals;
    if (!dir || rest.length > 0) throw new UsageError(`Name one directory for the bundle, not ${positionals.length}.`);
    const { from } = values;
    if (from !== undefined && from !== "upstream" && from !== "go")
        throw new UsageError(`--from is "${from}", but only "upstream" and "go" are allowed.`);
    // npm runs this in the package's root, whatever the directory that the user is in.
    return {
        dir: resolve(process.env.INIT_CWD ?? ".", dir),
        options: { source: from ?? "auto", go: { goCommand: values.go } },
    };
}

const ERASE_LINE = "\r\u001b[K";

/** One line that is rewritten on a terminal; elsewhere a line for the first, each twentieth and the last file. */
function showProgress(done: number, total: number, path: string): void {
    if (process.stderr.isTTY) {
        process.stderr.write(ERASE_LINE + `${done}/${total} ${path}`.slice(0, (process.stderr.columns || 80) - 1));
    } else if (done === 1 || done % 20 === 0 || done === total) {
        process.stderr.write(`${done}/${total} ${path}\n`);
    }
}

async function main(argv: string[]): Promise<void> {
    const parsed = parse(argv);
    if (parsed === "help") {
        process.stdout.write(USAGE);
        return;
    }
    const { dir, options } = parsed;
    const { source, files } = await writeBundle(dir, { ...options, onProgress: showProgress }).finally(() => {
        if (process.stderr.isTTY) process.stderr.write(ERASE_LINE);
    });
    const origin = {
        upstream: "fetched from upstream",
        go: "taken from Go modules",
        existing: "already there and right",
    }[source];
    process.stdout.write(`${dir}: a bundle of ${files} files, ${origin}. The images to mirror are in images.txt.\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
    const usage = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    process.stderr.write(
        `${error instanceof UserError ? error.message : reasonOf(error)}\n${usage ? `\n${USAGE}` : ""}`,
    );
    process.exitCode = usage ? 2 : 1;
});
