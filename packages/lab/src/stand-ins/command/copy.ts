/** Copies files to a remote host. Where they land depends on what is there, as with cp. */
import { readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { Archive, Asset, fromWire, isProps } from "../rpc/values";
import { matchingFiles } from "./files";
import { quoted, type SshSession } from "./ssh";

type There = "folder" | "file" | "nothing";

/** @throws Error when the source cannot be read, or stands against what is there */
export async function copyToRemote(session: SshSession, source: unknown, path: string): Promise<void> {
    if (source instanceof Asset) return copyAsset(session, source, path);
    if (source instanceof Archive) return copyArchive(session, source, path);
    throw new Error("source must be an asset or an archive");
}

async function copyAsset(session: SshSession, { fields }: Asset, path: string): Promise<void> {
    const there = await whatIsAt(session, path);
    if (fields.path) return copyPath(session, fields.path, path, there);
    if (fields.uri) {
        const name = posix.basename(new URL(fields.uri).pathname);
        return writeFile(session, await download(fields.uri), there === "folder" ? posix.join(path, name) : path);
    }
    if (there === "folder") {
        throw new Error(`remote path ${path} is a directory; when using a text asset, remotePath must be a file path`);
    }
    return writeFile(session, Buffer.from(fields.text ?? ""), path);
}

async function copyArchive(session: SshSession, { fields }: Archive, path: string): Promise<void> {
    const there = await whatIsAt(session, path);
    if (typeof fields["path"] === "string") return copyPath(session, fields["path"], path, there);
    if (typeof fields["uri"] === "string") {
        const name = posix.basename(new URL(fields["uri"]).pathname);
        return writeFile(session, await download(fields["uri"]), there === "folder" ? posix.join(path, name) : path);
    }
    if (there === "file") throw new Error(`remote path ${path} exists but is not a directory`);
    const assets = isProps(fields["assets"]) ? fields["assets"] : {};
    for (const [name, asset] of Object.entries(assets))
        await copyToRemote(session, fromWire(asset), posix.join(path, name));
}

async function copyPath(session: SshSession, source: string, path: string, there: There): Promise<void> {
    const target = there === "folder" ? posix.join(path, posix.basename(source)) : path;
    if (!statSync(source).isDirectory()) return writeFile(session, readFileSync(source), target);
    if (there === "file") throw new Error(`remote path ${path} exists but is not a directory`);
    // "dir/" means what is in it, "dir" the folder itself.
    const folder = source.endsWith("/") ? path : posix.join(path, posix.basename(source));
    for (const file of matchingFiles(source, ["**"])) {
        await writeFile(session, readFileSync(posix.join(source, file)), posix.join(folder, file));
    }
}

async function whatIsAt(session: SshSession, path: string): Promise<There> {
    const word = quoted(path);
    const test = `if [ -d ${word} ]; then echo folder; elif [ -e ${word} ]; then echo file; else echo nothing; fi`;
    return (await session.run(test, { logging: "none" })).stdout as There;
}

async function writeFile(session: SshSession, contents: Buffer, path: string): Promise<void> {
    const command = `mkdir -p ${quoted(posix.dirname(path))} && cat > ${quoted(path)}`;
    await session.run(command, { stdin: contents, logging: "none" });
}

async function download(uri: string): Promise<Buffer> {
    const response = await fetch(uri);
    if (!response.ok) throw new Error(`failed to read ${uri}: HTTP status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
}
