import { UserError } from "@istio-on-pulumi/kube";
import { type LockedFile, sha256 } from "./lock-format";
import { applyReleaseEdits } from "./release-edits";

/** A place that upstream files can be read from. */
export interface Source {
    /**
     * The bytes to use for a lock path: read, edited as the release is, and verified.
     * @throws UserError if the file cannot be had or is not what the lock says.
     */
    read(path: string, file: LockedFile): Promise<Buffer>;
}

/** How a source speaks of itself when a file's checksum is wrong. */
export interface Provenance {
    /** Where the bytes came from: a file name or URL. */
    readonly where: string;
    /** What the reader can do about it; completes "...: ". */
    readonly remedy: string;
}

/**
 * Verifies what a source found. Bytes as in the upstream tree get the release's edits, bytes that have them pass.
 * @throws UserError if the bytes are neither.
 */
export function verified(path: string, file: LockedFile, found: Buffer, from: Provenance): Buffer {
    const sum = sha256(found);
    if (sum === file.sha256) return found;
    if (sum !== file.upstreamSha256) {
        const unedited =
            file.upstreamSha256 === undefined ? "" : `, or ${file.upstreamSha256} without the release's edits`;
        throw new UserError(
            `${from.where} has the wrong checksum (SHA-256 ${sum}; ` +
                `upstream/lock.json expects ${file.sha256}${unedited}): ${from.remedy}.`,
        );
    }
    const edited = Buffer.from(applyReleaseEdits(path, found.toString("utf8")));
    if (sha256(edited) !== file.sha256) {
        throw new UserError(
            `${path} with the release's edits has SHA-256 ${sha256(edited)}, ` +
                `but upstream/lock.json expects ${file.sha256}: ` +
                'upstream/release-edits.ts was changed without updating the lock; run "npm run lock -- update".',
        );
    }
    return edited;
}
