import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loader, NODE_IP } from "@istio-on-pulumi/lab";
import type { Lab } from "./lab";

/**
 * What a server saw: a client's connection, or a request that it held up from one time to another (in milliseconds
 * since 1970).
 */
export type ServerEvent =
    | { readonly type: "connection" }
    | { readonly type: "held"; readonly name: string; readonly from: number; readonly to: number };

/** A TLS server in a lab's network namespace that answers for as long as the test wants it. */
export interface LabServer {
    readonly url: string;
    /** Its certificate, which is its own authority, as PEM. */
    readonly certificate: string;
    /** What it has seen so far. */
    readonly events: ServerEvent[];
    close(): Promise<void>;
}

/**
 * Starts a server in the lab's namespace. It is an admission webhook that allows everything, and lets `holdMs`
 * milliseconds pass before
 * it allows the creation of an object; whoever merely wants to know whether somebody calls does not register it as a
 * webhook.
 */
export async function startServer(lab: Lab, holdMs = 0): Promise<LabServer> {
    const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    const [key, certificate] = [join(dir, "key.pem"), join(dir, "certificate.pem")];
    const request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-keyout",
        key,
        "-out",
        certificate,
    ];
    execFileSync(
        "openssl",
        [...request, "-days", "1", "-subj", "/CN=test", "-addext", `subjectAltName=IP:${NODE_IP}`],
        { stdio: "ignore" },
    );
    const child = await lab.spawn([
        process.execPath,
        "--import",
        loader(),
        join(__dirname, "lab-server-main.ts"),
        key,
        certificate,
        NODE_IP,
        String(holdMs),
    ]);
    child.stderr?.pipe(process.stderr);
    const events: ServerEvent[] = [];
    const lines = createInterface({ input: child.stdout! });
    const [first] = (await Promise.race([
        once(lines, "line"),
        once(child, "exit").then(() => Promise.reject(new Error("the test's server ended before it listened"))),
    ])) as [string];
    lines.on("line", (line) => events.push(JSON.parse(line) as ServerEvent));
    return {
        url: `https://${NODE_IP}:${first}`,
        certificate: readFileSync(certificate, "utf8"),
        events,
        close: async () => {
            // It ends with its standard input, so that it does not outlive a test that was killed.
            const ended = once(child, "exit");
            child.stdin?.end();
            await ended;
            rmSync(dir, { recursive: true, force: true });
        },
    };
}
