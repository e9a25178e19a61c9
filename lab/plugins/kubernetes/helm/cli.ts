import { execFile } from "node:child_process";
import type { HelmSettings } from "../provider/settings";

/** Bytes; a chart with large CRDs renders to some of them. */
const MAX_OUTPUT = 256 * 1024 * 1024;

/** What the helm that runs needs to know of the provider. */
export interface HelmTarget {
    kubeconfig: string;
    context: string;
    settings: HelmSettings;
}

/** helm's own refusal, without its "Error: ". */
export class HelmError extends Error {}

/**
 * Runs the helm that is on PATH.
 * @returns what it prints on stdout
 * @throws HelmError with what it prints on stderr
 */
export function helm(target: HelmTarget, args: string[], signal?: AbortSignal): Promise<string> {
    const { settings } = target;
    const env = {
        ...process.env,
        KUBECONFIG: target.kubeconfig,
        HELM_KUBECONTEXT: target.context,
        ...(settings.driver ? { HELM_DRIVER: settings.driver } : {}),
        ...(settings.pluginsPath ? { HELM_PLUGINS: settings.pluginsPath } : {}),
        ...(settings.registryConfigPath ? { HELM_REGISTRY_CONFIG: settings.registryConfigPath } : {}),
        ...(settings.repositoryConfigPath ? { HELM_REPOSITORY_CONFIG: settings.repositoryConfigPath } : {}),
        ...(settings.repositoryCache ? { HELM_REPOSITORY_CACHE: settings.repositoryCache } : {}),
    };
    return new Promise((resolve, reject) => {
        execFile("helm", args, { env, maxBuffer: MAX_OUTPUT, ...(signal ? { signal } : {}) }, (error, stdout, stderr) => {
            if (!error) return resolve(stdout);
            if ((error as NodeJS.ErrnoException).code === "ENOENT") {
                return reject(new HelmError("helm is not on PATH: the lab's stand-in for the Kubernetes plugin runs it"));
            }
            const lines = stderr.split("\n").filter((line) => line && !/^(WARNING|level=|coalesce\.go|warning:)/.test(line));
            reject(new HelmError(lines.join("\n").replace(/^Error: /, "") || error.message));
        });
    });
}
