import * as pulumi from "@pulumi/pulumi";
import {
    kubeconfigText,
    NODES,
    nodes,
    type Replies,
    type Reply,
    serveApi,
    STORAGE_CLASSES,
    storageClasses,
    writeKubeconfig,
} from "@istio-on-pulumi/kube/testing";
import program from "../../index";
import { type OpenOptions } from "../../upstream";
import { type Answer, Recording } from "./mocks";
import { configurationOf } from "./settings";
import { serveUpstream } from "./upstream";

const SERVICE = "kubernetes:core/v1:Service";
/** Node ports that the mocked cluster gives. */
export const PORTS = { gateway: 30080, kiali: 30001 };

const service: Answer = ({ kind, name, inputs }) => {
    if (kind === "read") {
        const ports = [
            { name: "status-port", port: 15021, nodePort: 30021 },
            { name: "http", port: 80, nodePort: PORTS.gateway },
        ];
        return { outputs: { metadata: { name, namespace: "istio-sample" }, spec: { type: "NodePort", ports } } };
    }
    const [first, ...others] = inputs.spec.ports;
    const type = inputs.spec.type ?? "ClusterIP";
    const ports = type === "NodePort" ? [{ nodePort: PORTS.kiali, ...first }, ...others] : [first, ...others];
    return { outputs: { spec: { ...inputs.spec, type, ports } } };
};

/** A cluster with a node and a default StorageClass. */
const CLUSTER: Readonly<Record<string, Reply>> = {
    [NODES]: nodes(["a", ["InternalIP", "192.0.2.1"]]),
    [STORAGE_CLASSES]: storageClasses({ standard: "true" }),
};

/** What the program exports; after a failure there is nothing of it. */
export type Outputs = Awaited<ReturnType<typeof program>>;

export interface RunOptions {
    /** What the cluster says that is not as in CLUSTER. */
    replies?: Replies;
    preview?: boolean;
    /** Milliseconds that the cluster takes for each answer. */
    delay?: number;
    /** Paths of upstream files, or names of charts, that cannot be had, and why. */
    missing?: Readonly<Record<string, Error>>;
}

export interface Run {
    recording: Recording;
    /** What the program failed with, or its outputs. */
    failure?: unknown;
    outputs: Outputs;
    /** Paths that the cluster was asked for. */
    asked: string[];
    /** Paths of the upstream files that the program read, sorted. */
    files: string[];
    /** What the program opened the upstream files with, if it did. */
    opened?: OpenOptions;
}

/**
 * Runs the stack's program against a mocked engine, a cluster on loopback and small upstream files.
 *
 * @param settings the stack's settings by path; `cluster.kubeconfig` leads to the cluster unless it is given
 */
export async function tryProgram(settings: Readonly<Record<string, unknown>>, options: RunOptions = {}): Promise<Run> {
    const recording = await Recording.start({
        preview: options.preview,
        answers: { [SERVICE]: options.preview ? () => ({}) : service },
    });
    const api = await serveApi({ ...CLUSTER, ...options.replies });
    api.delay = options.delay ?? 0;
    const all = { "cluster.kubeconfig": writeKubeconfig(kubeconfigText({ prod: api.url })), ...settings };
    pulumi.runtime.setAllConfig(configurationOf(all));
    const upstream = serveUpstream(options.missing);
    const [result] = await Promise.allSettled([program()]);
    await recording.settled();
    const common = { recording, asked: api.asked, files: upstream.files, opened: upstream.open.mock.lastCall?.[0] };
    return result.status === "fulfilled"
        ? { ...common, outputs: result.value }
        : { ...common, outputs: {} as Outputs, failure: result.reason };
}

/** As `tryProgram`, of a program that must not fail. */
export async function runProgram(
    settings: Readonly<Record<string, unknown>> = {},
    options: RunOptions = {},
): Promise<Run> {
    const run = await tryProgram(settings, options);
    if (run.failure !== undefined) {
        throw new Error("the program failed", { cause: run.failure });
    }
    return run;
}
