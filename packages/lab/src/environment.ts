import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { LabPlace } from "./place";

/**
 * The passphrase of the lab's stacks. It guards nothing: the backend is a directory of this user, and the lab holds no
 * secrets.
 * Where PULUMI_CONFIG_PASSPHRASE is set already, that one is used.
 */
const PASSPHRASE = "lab";

/** Variables that lead a client out of the lab or to another cluster, backend or plugin. */
const REMOVED = new RegExp(
    "^((https?|all|no)_proxy|kubeconfig|" +
        "pulumi_(access_token|backend_url|home|stack|config_passphrase_file|ignore_ambient_plugins))$",
    "i",
);

/**
 * The environment of a command in the lab: its programs and plugins first on PATH, its cluster, its backend.
 * @param plugins directory of the plugins in use.
 */
export function labEnvironment(
    place: LabPlace,
    plugins: string,
    env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
    const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !REMOVED.test(name)));
    return {
        ...kept,
        PATH: [place.bin, plugins, env.PATH, "/usr/sbin", "/sbin"].filter(Boolean).join(delimiter),
        LAB_NAME: place.name,
        KUBECONFIG: place.kubeconfig,
        PULUMI_BACKEND_URL: `file://${place.backend}`,
        PULUMI_CONFIG_PASSPHRASE: env.PULUMI_CONFIG_PASSPHRASE ?? PASSPHRASE,
        PULUMI_HOME: place.pulumiHome,
        PULUMI_SKIP_UPDATE_CHECK: "true",
    };
}

/** Makes what that environment names. */
export async function prepareEnvironment(place: LabPlace): Promise<void> {
    await mkdir(place.backend, { recursive: true });
    await mkdir(place.pulumiHome, { recursive: true });
    // The engine has no setting against its debug log (40 MB a run, half its CPU): it goes without where its directory
    // cannot be made.
    await writeFile(join(place.pulumiHome, "logs"), "Not a directory, so that the engine writes no debug log.\n", {
        flag: "wx",
    }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST" && error.code !== "EISDIR") throw error;
    });
}
