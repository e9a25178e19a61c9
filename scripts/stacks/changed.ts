import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";

const SETTINGS = /^Pulumi\.(.+)\.yaml$/;

/** What no stack is made of. Whatever is not among it counts as code: a preview too many does no harm. */
const NO_CODE = [
    /^(docs|tests|examples|\.github|\.gitlab|\.ci|packages\/lab)\//,
    /^packages\/[^/]+\/(tests|testing)\//,
    /\.md$/,
    /^(LICENSE|\.gitignore|\.gitlab-ci\.yml|\.prettier(rc\.json|ignore)|knip\.json|(eslint|vitest)\.config\.m[jt]s)$/,
];

/** Names of the stacks whose settings git knows, in their order. */
export async function stacksOf(root: string): Promise<string[]> {
    return namesIn((await git(root, "ls-files", "-z")).split("\0")).sort();
}

/**
 * The stacks among `all` that what the commits since the common ancestor with `base` have changed can concern: all of
 * them where code is changed, else those whose settings are.
 *
 * @throws UserError where git does not know the commit
 */
export async function changedStacks(root: string, all: readonly string[], base: string): Promise<string[]> {
    // A renamed file is one that goes and one that comes.
    const files = (await git(root, "diff", "--name-only", "--no-renames", "-z", `${base}...HEAD`)).split("\0");
    const changed = files.filter((file) => file !== "" && !NO_CODE.some((pattern) => pattern.test(file)));
    const own = namesIn(changed);
    const isCodeChanged = changed.length > own.length;
    return all.filter((stack) => isCodeChanged || own.includes(stack));
}

const namesIn = (files: readonly string[]): string[] => files.flatMap((file) => SETTINGS.exec(file)?.[1] ?? []);

async function git(root: string, ...args: string[]): Promise<string> {
    try {
        return (await promisify(execFile)("git", args, { cwd: root, maxBuffer: 2 ** 26 })).stdout;
    } catch (error) {
        const { stderr = "" } = error as { stderr?: string };
        throw new UserError(
            `git ${args.join(" ")} fails (${reasonOf(stderr.trim() || error)}): run it in a clone with the whole ` +
                "history (fetch-depth: 0, GIT_DEPTH: 0), and name a commit of it.",
        );
    }
}
