import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import * as engine from "@pulumi/pulumi/runtime/settings";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { parse } from "yaml";
import { UserError } from "@istio-on-pulumi/kube";
import program from "../../index";
import { serveEmptyCluster } from "./emptyCluster";

/** The program's project; its directory is the working directory. */
const PROJECT = "istio-on-pulumi";
type Settings = Record<string, unknown>;

/**
 * Runs the program with a stack's settings as on an empty cluster, without engine and cluster, and prints what it would
 * have made as JSON: an object from kind and name to inputs. The charts' objects are not among it, but their values.
 *
 * A process renders one stack, for the SDK knows one program.
 */
async function render(file: string, bundle: string | undefined): Promise<Record<string, unknown>> {
    const settings = settingsIn(file);
    const existing = (settings[`${PROJECT}:namespaces`] as { existing?: string[] } | undefined)?.existing ?? [];
    const values = await onEmptyCluster({ ...settings, ...(bundle && { [`${PROJECT}:bundle`]: bundle }) }, existing);
    const made: Record<string, unknown> = {};
    await pulumi.runtime.setMocks(
        {
            call: ({ token }) => {
                throw new Error(`Nothing answers the call of ${token}`);
            },
            newResource: ({ type, name, inputs: given, id }) => {
                const inputs = plain(given) as Inputs;
                if (type.startsWith("kubernetes:") && !id) made[titleOf(type, name, inputs)] = inputs;
                return { id: id ?? name, state: stateOf(type, name, inputs) };
            },
        },
        PROJECT,
        "rendered",
    );
    claimToKnowHooks();
    pulumi.runtime.setAllConfig(values);
    await program();
    await (engine as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
    return made;
}

function settingsIn(file: string): Settings {
    const { config } = parse(readFileSync(join(process.cwd(), file), "utf8")) as { config?: Settings };
    return config ?? {};
}

/** The settings as Pulumi hands them over, with the empty cluster for the stack's, and without what is encrypted. */
async function onEmptyCluster(settings: Settings, namespaces: readonly string[]): Promise<Record<string, string>> {
    const { context = "cluster", nodeHost } = (settings[`${PROJECT}:cluster`] ?? {}) as Record<string, string>;
    const server = await serveEmptyCluster(namespaces);
    const kubeconfig = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "cluster", cluster: { server, "insecure-skip-tls-verify": true } }],
        users: [{ name: "user", user: {} }],
        contexts: [{ name: context, context: { cluster: "cluster", user: "user" } }],
    };
    const all = {
        ...(withoutSecrets(settings) as Settings),
        [`${PROJECT}:cluster`]: { kubeconfig: JSON.stringify(kubeconfig), context, nodeHost },
    };
    return Object.fromEntries(
        Object.entries(all).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );
}

function withoutSecrets(value: unknown): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([, inner]) => !(typeof inner === "object" && inner !== null && "secure" in inner))
            .map(([key, inner]) => [key, withoutSecrets(inner)]),
    );
}

interface Inputs {
    kind?: string;
    /** Of a chart or a release. */
    name?: string;
    metadata?: { name?: string; namespace?: string };
    namespace?: string;
    spec?: { type?: string; ports?: object[] };
    [field: string]: unknown;
}

/** A value without the marks of secrets. What is secret in the settings has not been given to the program. */
function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    if (SIGNATURE in value) return plain((value as { value?: unknown }).value);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** By which Pulumi's protocol tells a value that is more than it looks. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Such as `Deployment istio-system/kiali`; a chart or a release by its own name. */
function titleOf(type: string, resource: string, { metadata, name = resource, ...inputs }: Inputs): string {
    const namespace = inputs.namespace ?? metadata?.namespace;
    return `${type.split(":").at(-1)} ${namespace ? `${namespace}/` : ""}${metadata?.name ?? name}`;
}

/** What the cluster would add, as far as the program reads it. */
function stateOf(type: string, name: string, inputs: Inputs): object {
    if (type === "kubernetes:core/v1:Service") {
        const { ports = [], type: serviceType = "ClusterIP" } = inputs.spec ?? {};
        return {
            ...inputs,
            metadata: { name, ...inputs.metadata },
            spec: { ...inputs.spec, type: serviceType, ports },
        };
    }
    if (type === "kubernetes:helm.sh/v4:Chart") return { ...inputs, resources: [] };
    if (name === "mesh-inspection") return { ...inputs, stdout: '{"ok":true,"findings":[]}' };
    // Of what a first update draws at random each run would have another.
    if (name.endsWith("-kiali-signing-key")) return { ...inputs, environment: { KEY: "drawn-by-the-first-update" } };
    return inputs;
}

/** The SDK's mocks claim to know hooks and the stack's transforms, and do not. */
function claimToKnowHooks(): void {
    (globalThis as unknown as { globalStore: { supportsTransforms: boolean } }).globalStore.supportsTransforms = true;
    const known = (_: unknown, callback: (error: null, answer: Empty) => void) => callback(null, new Empty());
    Object.assign(engine.getMonitor() as unknown as MockMonitor, {
        registerStackTransform: known,
        registerResourceHook: known,
        registerErrorHook: known,
    });
}

render(process.argv[2]!, process.argv[3]).then(
    (made) => {
        process.stdout.write(JSON.stringify(made), () => process.exit(0));
    },
    (error: unknown) => {
        const isPlain = error instanceof UserError || pulumi.RunError.isInstance(error);
        console.error(isPlain ? (error as Error).message : error);
        process.exit(1);
    },
);
