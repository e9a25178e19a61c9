import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Files for one run of helm that only this user can read, as values may be secret. Gone after {@link remove}. */
export class PrivateFiles {
    private readonly folder = mkdtempSync(join(tmpdir(), "helm-"));

    /** @returns the file's path */
    write(name: string, contents: string): string {
        const path = join(this.folder, name);
        writeFileSync(path, contents, { mode: 0o600 });
        return path;
    }

    remove(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** Hands out private files and removes them, whatever happens. */
export async function withPrivateFiles<T>(use: (files: PrivateFiles) => Promise<T>): Promise<T> {
    const files = new PrivateFiles();
    try {
        return await use(files);
    } finally {
        files.remove();
    }
}
