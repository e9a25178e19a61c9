import { rmSync, writeFileSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster } from "../cluster/cluster";
import { credentials } from "../cluster/credentials";
import { HttpClient } from "../cluster/http";
import { ambientKubeconfig, readKubeconfig, select, type Kubeconfig, type Selected } from "../cluster/kubeconfig";
import { PROVIDER_VERSION } from "../version";
import type { Settings } from "./settings";

/** A provider's cluster, or why it has none: previews go on without one as far as they can. */
export type Connection =
    | { reachable: true; cluster: Cluster; defaultNamespace: string; kubeconfig: Kubeconfig; selected: Selected }
    | { reachable: false; reason: string; defaultNamespace: string };

/** Reads the kubeconfig and asks the API server what it serves. */
export async function connect(settings: Settings): Promise<Connection> {
    let defaultNamespace = settings.namespace || "default";
    let kubeconfig: Kubeconfig;
    try {
        kubeconfig = settings.kubeconfig ? readKubeconfig(settings.kubeconfig) : ambientKubeconfig();
    } catch (error) {
        const reason = `failed to parse kubeconfig data in \`kubernetes:config:kubeconfig\`- ${messageOf(error)}`;
        return { reachable: false, reason, defaultNamespace };
    }
    let selected: Selected;
    let http: HttpClient;
    try {
        selected = select(kubeconfig, settings);
        defaultNamespace = settings.namespace || selected.namespace || "default";
        http = new HttpClient(
            selected.cluster.server as string,
            await credentials(kubeconfig, selected),
            `pulumi-kubernetes/${PROVIDER_VERSION} (stand-in)`,
        );
    } catch (error) {
        const reason =
            "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n" +
            " \t • set up the provider as per " +
            "https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n " +
            messageOf(error);
        return { reachable: false, reason, defaultNamespace };
    }
    const cluster = new Cluster(http);
    try {
        await cluster.discovery.load();
    } catch (error) {
        const reason = `unable to load schema information from the API server: ${messageOf(error)}`;
        return { reachable: false, reason, defaultNamespace };
    }
    return { reachable: true, cluster, defaultNamespace, kubeconfig, selected };
}

let kubeconfigFile: string | undefined;

/** A path under which other programs find the provider's kubeconfig; contents are written to a private file. */
export function kubeconfigPath(settings: Settings, connection: Connection & { reachable: true }): string {
    if (kubeconfigFile) return kubeconfigFile;
    const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    kubeconfigFile = join(folder, "config");
    const { cluster, user, context, namespace } = connection.selected;
    const contents = {
        apiVersion: "v1",
        kind: "Config",
        "current-context": context,
        clusters: [{ name: "cluster", cluster }],
        users: [{ name: "user", user }],
        contexts: [
            { name: context, context: { cluster: "cluster", user: "user", namespace: settings.namespace || namespace } },
        ],
    };
    writeFileSync(kubeconfigFile, JSON.stringify(contents), { mode: 0o600 });
    return kubeconfigFile;
}

export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
