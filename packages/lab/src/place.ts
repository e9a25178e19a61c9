import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";

/** Where one lab keeps its things. All paths are absolute. */
export interface LabPlace {
    /** Name of the lab, from LAB_NAME. */
    readonly name: string;
    /** Network namespace of its control plane. */
    readonly netns: string;
    /** Everything a running lab writes; `reset` removes it. */
    readonly state: string;
    /** Programs, certificates and logs inside the state directory. */
    readonly bin: string;
    /** What the images of the pods hold besides programs. */
    readonly images: string;
    /** Plugins of the engine that were built from their Go modules. */
    readonly builtPlugins: string;
    readonly pki: string;
    readonly logs: string;
    /** One record a process that the lab started. */
    readonly run: string;
    /** What the supervisor says about each part. */
    readonly statusFile: string;
    /** Socket file through which the node ports are reached from outside the network namespace. */
    readonly nodePortSocket: string;
    /** The administrator's kubeconfig. */
    readonly kubeconfig: string;
    /** Directory of Pulumi's file backend. */
    readonly backend: string;
    readonly pulumiHome: string;
    /** Name of the lab's stack, and the file of its settings in the repository. */
    readonly stack: string;
    readonly stackSettings: string;
    /** What is built and downloaded once for all labs of this user. */
    readonly cache: string;
    /** The repository. */
    readonly repository: string;
}

const DEFAULT_NAME = "lab";
const NAME = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;

/**
 * The place of the lab that the environment names.
 * @throws UserError if LAB_NAME is no usable name.
 */
export function labPlace(env: NodeJS.ProcessEnv = process.env): LabPlace {
    const name = env.LAB_NAME || DEFAULT_NAME;
    if (!NAME.test(name)) {
        throw new UserError(
            `LAB_NAME is ${JSON.stringify(name)}, which names no lab: ` +
                "use 1 to 20 of a-z, 0-9 and -, starting with a letter and not ending with -.",
        );
    }
    const state = join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "istio-on-pulumi", "lab", name);
    const repository = join(__dirname, "../../..");
    const stack = name === DEFAULT_NAME ? name : `${DEFAULT_NAME}-${name}`;
    return {
        name,
        netns: `istio-${name}`,
        state,
        bin: join(state, "bin"),
        images: join(state, "images"),
        builtPlugins: join(state, "built-plugins"),
        pki: join(state, "pki"),
        logs: join(state, "logs"),
        run: join(state, "run"),
        statusFile: join(state, "status.json"),
        nodePortSocket: join(state, "node-ports.sock"),
        kubeconfig: join(state, "kubeconfig"),
        backend: join(state, "backend"),
        pulumiHome: join(state, "pulumi-home"),
        cache: cacheHome(env),
        stack,
        stackSettings: join(repository, `Pulumi.${stack}.yaml`),
        repository,
    };
}

/** The cache directory of this project, shared by all labs of the user. */
function cacheHome(env: NodeJS.ProcessEnv = process.env): string {
    return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "istio-on-pulumi");
}
