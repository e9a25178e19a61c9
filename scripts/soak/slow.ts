import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parse, stringify } from "yaml";
import { loader, NODE_IP } from "@istio-on-pulumi/lab";
import type { Lab } from "../../tests/support/lab";

/** A way to a lab's API server on which answers come late. */
interface SlowWay {
    readonly kubeconfig: string;
    close(): Promise<void>;
}

/** Opens it. The bytes are the API server's own: TLS goes through. */
export async function slowDown(lab: Lab, milliseconds: number): Promise<SlowWay> {
    const config = parse(readFileSync(lab.place.kubeconfig, "utf8")) as { clusters: { cluster: { server: string } }[] };
    const { cluster } = config.clusters[0]!;
    const script = join(__dirname, "slow-main.ts");
    const { port } = new URL(cluster.server);
    const child = await lab.spawn([
        process.execPath,
        ...["--import", loader(), script, NODE_IP, port, String(milliseconds)],
    ]);
    child.stderr?.pipe(process.stderr);
    const [own] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    cluster.server = `https://${NODE_IP}:${own}`;
    const directory = mkdtempSync(join(tmpdir(), "soak-"));
    const kubeconfig = join(directory, "kubeconfig");
    writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
    return {
        kubeconfig,
        close: async () => {
            const ended = once(child, "exit");
            child.stdin?.end();
            await ended;
            rmSync(directory, { recursive: true });
        },
    };
}
