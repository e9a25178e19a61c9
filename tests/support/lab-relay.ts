import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { loader, NODE_IP } from "@istio-on-pulumi/lab";
import type { Lab } from "./lab";

/** A way to a lab's API server for some alone, which can be slow or cut. */
export interface Relay {
    /** The lab's, by this way. */
    readonly kubeconfig: string;
    /** Lets nothing through for a time; nobody is told. */
    cut(milliseconds: number): Promise<void>;
    close(): Promise<void>;
}

/** Opens it. TLS goes through. @param milliseconds that each answer waits */
export async function openRelay(lab: Lab, milliseconds = 0): Promise<Relay> {
    const config = parse(readFileSync(lab.place.kubeconfig, "utf8")) as { clusters: { cluster: { server: string } }[] };
    const { cluster } = config.clusters[0]!;
    const script = join(__dirname, "lab-relay-main.ts");
    const { port } = new URL(cluster.server);
    const child = await lab.spawn([
        process.execPath,
        ...["--import", loader(), script, NODE_IP, port, String(milliseconds)],
    ]);
    child.stderr?.pipe(process.stderr);
    const [own] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    cluster.server = `https://${NODE_IP}:${own}`;
    const directory = mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    const kubeconfig = join(directory, "kubeconfig");
    writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
    return {
        kubeconfig,
        cut: async (time) => {
            child.stdin!.write("cut\n");
            await sleep(time);
            child.stdin!.write("join\n");
        },
        close: async () => {
            const ended = once(child, "exit");
            child.stdin!.end();
            await ended;
            rmSync(directory, { recursive: true });
        },
    };
}
