import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, reasonOf, UserError } from "@istio-on-pulumi/kube";
import type { LockedFile } from "./lock-format";
import { gatewayApiTree, istioTree } from "./selection";
import { type Source, verified } from "./source";

/** Reads from a bundle: a directory whose files lie at their lock paths. */
export class BundleSource implements Source {
    /**
     * @param dir absolute path of the bundle.
     * @throws UserError if there is no such directory.
     */
    constructor(private readonly dir: string) {
        if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
            throw new UserError(
                `The bundle directory ${dir} does not exist: ` +
                    `write it with "npm run bundle -- ${dir}", or name another one.`,
            );
        }
    }

    async read(path: string, file: LockedFile): Promise<Buffer> {
        const where = join(this.dir, path);
        const again = `write it there with "npm run bundle -- ${this.dir}${optionFor(path)}"`;
        let found: Buffer;
        try {
            found = await readFile(where);
        } catch (error) {
            const what = codeOf(error) === "ENOENT" ? "is missing from" : `cannot be read (${reasonOf(error)}) in`;
            throw new UserError(`${path} ${what} the bundle ${this.dir}: ${again}.`);
        }
        return verified(path, file, found, { where, remedy: again });
    }
}

/** The option of the command that brings a file's release, for one that the bundle may not have. */
function optionFor(path: string): string {
    const root = path.split("/", 1)[0]!;
    const options = { "--istio": istioTree(""), "--gateway-api": gatewayApiTree("") };
    const [option, prefix] = Object.entries(options).find(([, start]) => root.startsWith(start)) ?? [];
    return option === undefined ? "" : ` ${option} ${root.slice(prefix!.length)}`;
}
