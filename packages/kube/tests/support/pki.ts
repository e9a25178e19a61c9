import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../../testing";

/** A key and its certificate, as files and as PEM. */
export interface Pair {
    readonly certFile: string;
    readonly keyFile: string;
    readonly cert: string;
    readonly key: string;
}

/** Certificates of a cluster whose server and users have theirs from an intermediate authority. */
export interface Pki {
    readonly dir: string;
    readonly root: Pair;
    readonly intermediate: Pair;
    /** Good for `api.test` and 127.0.0.1. */
    readonly server: Pair;
    readonly client: Pair;
}

/** Makes them with openssl in a directory that ends with the test. */
export function makePki(): Pki {
    const dir = temporaryDirectory();
    const make = (name: string, extensions: readonly string[], issuer?: Pair): Pair => {
        const [certFile, keyFile] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)];
        openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2",
            ...["-subj", `/O=system:masters/CN=${name}`, "-keyout", keyFile, "-out", certFile],
            ...(issuer ? ["-CA", issuer.certFile, "-CAkey", issuer.keyFile] : []),
            ...extensions.flatMap((extension) => ["-addext", extension]),
        );
        return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
    };
    const authority = ["basicConstraints=critical,CA:TRUE"];
    const leaf = ["basicConstraints=critical,CA:FALSE"];
    const root = make("root", authority);
    const intermediate = make("intermediate", authority, root);
    const server = make("server", [...leaf, "subjectAltName=DNS:api.test,IP:127.0.0.1"], intermediate);
    return { dir, root, intermediate, server, client: make("client", leaf, intermediate) };
}

function openssl(words: string, ...rest: readonly string[]): void {
    execFileSync("openssl", [...words.split(" "), ...rest], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Base64, as the `-data` fields of a kubeconfig want it. */
export const data = (text: string): string => Buffer.from(text).toString("base64");

/** Writes an executable shell script and returns its path. */
export function writeScript(dir: string, name: string, text: string): string {
    const path = join(dir, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
}
