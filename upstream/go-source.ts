import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, reasonOf, UserError } from "@istio-on-pulumi/kube";
import { type Lock, type LockedFile, type LockedTree, treeOf } from "./lock-format";
import { type Source, verified } from "./source";

/** How the go command is run. */
export interface GoOptions {
    /** The go command; default: `go` on PATH. */
    readonly goCommand?: string;
    /** Only use modules that the local module cache has. */
    readonly offline?: boolean;
    /** Time limit of the download in milliseconds; default: ten minutes. */
    readonly timeoutMs?: number;
}

/** A module to download: its coordinates, and its `go.sum` hashes where they are known. */
export type Module = Pick<LockedTree, "module" | "moduleVersion"> &
    Partial<Pick<LockedTree, "moduleSum" | "moduleGoModSum">>;

/** A module in the local module cache. */
export interface DownloadedModule {
    readonly dir: string;
    readonly sum: string;
    readonly goModSum: string;
}

/**
 * Downloads modules with `go mod download`, which verifies them: against the hashes given, else against Go's checksum
 * database.
 * @returns the modules by `<module>@<version>`.
 * @throws UserError if go is missing, a module cannot be had, or a hash differs.
 */
export async function downloadModules(
    modules: readonly Module[],
    options: GoOptions = {},
): Promise<Map<string, DownloadedModule>> {
    const names = modules.map((m) => `${m.module}@${m.moduleVersion}`);
    // A module of its own, so that no go.mod or workspace around the caller takes part.
    const dir = await mkdtemp(join(tmpdir(), "upstream-modules-"));
    try {
        await writeFile(join(dir, "go.mod"), "module upstream\n\ngo 1.17\n");
        await writeFile(join(dir, "go.sum"), modules.flatMap(goSumLines).join(""));
        const answers = parseAnswers(await run(["mod", "download", "-json", ...names], dir, options).catch(refused));
        return new Map(names.map((name) => [name, moduleOf(name, answers)]));
    } finally {
        await rm(dir, { recursive: true, force: true });
    }
}

/**
 * The module version that a revision of a module has.
 * @param revision a tag, a commit, or a module version
 * @throws Error with the reason if go is missing or cannot tell
 */
export async function moduleVersionOf(module: string, revision: string, options: GoOptions = {}): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), "upstream-modules-"));
    try {
        await writeFile(join(dir, "go.mod"), "module upstream\n\ngo 1.17\n");
        const [answer] = parseAnswers(await run(["list", "-m", "-json", `${module}@${revision}`], dir, options));
        return answer!.Version;
    } finally {
        await rm(dir, { recursive: true, force: true });
    }
}

/** Reads from Go modules; they are downloaded at the first read. */
export class GoModuleSource implements Source {
    private modules?: Promise<Map<string, DownloadedModule>>;

    constructor(
        private readonly lock: Lock,
        private readonly options: GoOptions = {},
    ) {}

    async read(path: string, file: LockedFile): Promise<Buffer> {
        this.modules ??= downloadModules(Object.values(this.lock.trees), this.options);
        const { tree, pathInTree } = treeOf(this.lock, path);
        const name = `${tree.module}@${tree.moduleVersion}`;
        const where = join((await this.modules).get(name)!.dir, pathInTree);
        let found: Buffer;
        try {
            found = await readFile(where);
        } catch (error) {
            throw new UserError(
                `Go module ${name} has no readable file ${pathInTree} (${reasonOf(error)}): ` +
                    'empty the module cache with "go clean -modcache" and try again.',
            );
        }
        return verified(path, file, found, {
            where,
            remedy: 'the module cache was changed, so empty it with "go clean -modcache" and try again',
        });
    }
}

interface Answer {
    Path: string;
    Version: string;
    Dir?: string;
    Sum?: string;
    GoModSum?: string;
    Error?: string;
}

function goSumLines(m: Module): string[] {
    if (m.moduleSum === undefined || m.moduleGoModSum === undefined) return [];
    return [
        `${m.module} ${m.moduleVersion} ${m.moduleSum}\n`,
        `${m.module} ${m.moduleVersion}/go.mod ${m.moduleGoModSum}\n`,
    ];
}

/** `go mod download -json` prints one indented object after another, not an array. */
function parseAnswers(stdout: string): Answer[] {
    return stdout
        .split(/^(?=\{)/m)
        .filter((text) => text.trim() !== "")
        .map((text) => JSON.parse(text) as Answer);
}

function moduleOf(name: string, answers: readonly Answer[]): DownloadedModule {
    const answer = answers.find((a) => `${a.Path}@${a.Version}` === name);
    if (answer?.Dir === undefined || answer.Sum === undefined || answer.GoModSum === undefined) {
        const reason = (answer?.Error ?? "no answer").replace(/\s+/g, " ").trim();
        throw new UserError(
            `The go command could not download ${name} (${reason}): ` +
                'check GOPROXY and the network, or take the files from upstream ("--from upstream").',
        );
    }
    return { dir: answer.Dir, sum: answer.Sum, goModSum: answer.GoModSum };
}

function refused(error: unknown): never {
    throw new UserError(
        `Go modules cannot be downloaded, because ${reasonOf(error)}: ` +
            'install Go 1.21 or newer, or take the files from upstream ("--from upstream").',
    );
}

/** @throws Error with the reason where go cannot be run, or ends without an answer */
function run(args: string[], cwd: string, options: GoOptions): Promise<string> {
    const command = options.goCommand ?? "go";
    const timeout = options.timeoutMs ?? 600_000;
    const env = { ...process.env, GOWORK: "off", GOFLAGS: "-mod=mod", ...(options.offline ? { GOPROXY: "off" } : {}) };
    return new Promise((resolve, reject) => {
        execFile(command, args, { cwd, env, timeout, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
            // go exits with 1 when a module fails, and the answer on stdout says why.
            if (!error || stdout.includes("{")) return resolve(stdout);
            const reason =
                codeOf(error) === "ENOENT"
                    ? `there is no command "${command}"`
                    : error.killed
                      ? `it took longer than ${timeout / 1000} s`
                      : (stderr.trim().split("\n").at(-1) ?? "") || reasonOf(error);
            reject(new Error(reason));
        });
    });
}
