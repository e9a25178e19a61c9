import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { packedScript } from "@istio-on-pulumi/inspect/packed-rules";
import { kubeconfigFor, secretText, shellWords } from "./shell";

/** A node to read the NAT rules from, over SSH. */
export interface NodeConnection {
    /** Host name or address of the node. */
    host: string;
    /** User with the right to read the rules: root, or one whose sudo asks for no password. @default "root" */
    user?: string;
    /** Port of its SSH server. @default 22 */
    port?: number;
    /** The server's public key, such as `ssh-ed25519 AAAA...`; a server with another one is refused. */
    hostKey: pulumi.Input<string>;
    /** Private key of the user. @default the keys of the agent that $SSH_AUTH_SOCK names */
    privateKey?: pulumi.Input<string>;
}

export interface MeshInspectionArgs {
    /**
     * Path of the kubeconfig, or its text, which is kept as a secret.
     *
     * A change: nothing in the cluster; the mesh is inspected again.
     * @default $KUBECONFIG, else ~/.kube/config
     */
    kubeconfig?: string;
    /**
     * Context of the kubeconfig.
     *
     * A change: as of `kubeconfig`.
     * @default its current context
     */
    context?: pulumi.Input<string>;
    /**
     * Namespaces to look at.
     *
     * A change: as of `kubeconfig`.
     * @example [istio.namespace, "shop"]
     */
    namespaces: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * Where the NAT rules come from.
     *
     * A change: as of `kubeconfig`.
     * @default this machine, if it is a node of the cluster; else they are left out
     * @example { host: "192.0.2.1", user: "root", hostKey: "ssh-ed25519 AAAA..." }
     */
    node?: NodeConnection;
    /**
     * Whether a problem fails the update.
     *
     * A change: as of `kubeconfig`.
     * @default false
     */
    failOnProblem?: pulumi.Input<boolean>;
    /**
     * What is inspected: the inspection runs again when any of it changes. Not kept in the component's state.
     *
     * A change: as of `kubeconfig`.
     * @default none: the inspection runs again when its own arguments change
     * @example [istio.version, gateway.endpoint]
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a schema of the component has no other word for it
    subjects?: pulumi.Input<any>[];
}

/** One sentence of an inspection. */
export interface InspectionFinding {
    /** `problem`, something is wrong; or `note`. */
    severity: string;
    /** Which check found it. */
    code: string;
    /** What it is about, such as a pod. */
    subject: string;
    /** The sentence for people. */
    message: string;
}

/**
 * Inspects the mesh as `mesh-inspect doctor` does, once what it inspects is ready.
 *
 * It runs on the machine that runs the engine, in the project's directory, where this package is installed; with a
 * node, the node's rules are read over SSH first.
 *
 * @example
 * const inspection = new MeshInspection(
 *     "inspection",
 *     { context: "prod", namespaces: [istio.namespace, bookinfo.namespace] },
 *     { dependsOn: [istio, bookinfo, gateway] },
 * );
 * export const findings = inspection.findings;
 */
export class MeshInspection extends pulumi.ComponentResource {
    /** Whether nothing is wrong. */
    readonly ok: pulumi.Output<boolean>;
    /** What is wrong or worth knowing, a sentence each. */
    readonly findings: pulumi.Output<InspectionFinding[]>;

    constructor(name: string, args: MeshInspectionArgs, opts?: pulumi.ComponentResourceOptions) {
        const { subjects: _, node, kubeconfig, ...others } = args;
        const recorded = { ...others, kubeconfig: kubeconfig && secretText(kubeconfig) };
        const connection = node && { ...node, privateKey: node.privateKey && pulumi.secret(node.privateKey) };
        super("istio-on-pulumi:index:MeshInspection", name, { ...recorded, node: connection }, opts);
        const rules = node && this.readRules(name, node, args);
        const inspection = this.inspect(name, args, rules);
        // What came in over a connection with a key is a secret, and so is what was made of it; findings are none.
        const report = pulumi
            .unsecret(inspection.stdout)
            .apply((text) => JSON.parse(text) as { ok: boolean; findings: InspectionFinding[] });
        this.ok = report.ok;
        this.findings = report.findings;
        this.registerOutputs({ ok: this.ok, findings: this.findings });
    }

    private readRules(name: string, given: NodeConnection, args: MeshInspectionArgs) {
        const node = { port: 22, user: "root", ...given };
        const { privateKey, ...server } = node;
        const connection = {
            ...server,
            // Without a key the provider asks the agent; naming its socket here would keep its path in state. With
            // one, it stays a secret: the SDK makes the whole connection one.
            ...(privateKey !== undefined && { privateKey }),
            // The node is there or it is not: two more attempts, not ten.
            dialErrorLimit: 2,
        };
        const stdin = packedScript(node.host, node.user === "root" ? "" : "sudo -n ");
        const explain = new pulumi.ErrorHook(`${name}-rules`, async ({ errors }) => {
            await pulumi.log.error(connectionFailure(node, errors[0] ?? ""), this);
            return false;
        });
        return new command.remote.Command(
            `${name}-rules`,
            { connection, create: "sh -s", stdin, ...QUIET, triggers: args.subjects },
            { parent: this, hooks: { onError: [explain] } },
        );
    }

    private inspect(name: string, args: MeshInspectionArgs, rules: command.remote.Command | undefined) {
        const { kubeconfig, context, namespaces, failOnProblem = false } = args;
        const create = pulumi
            .output({ context, namespaces, failOnProblem })
            .apply((known) => inspectionCommand({ ...known, kubeconfig, readsRules: rules !== undefined }));
        return new command.local.Command(
            name,
            {
                create,
                ...QUIET,
                environment: kubeconfigFor(kubeconfig, KUBECONFIG_TEXT).environment,
                triggers: args.subjects,
                ...(rules && { stdin: rules.stdout }),
            },
            { parent: this },
        );
    }
}

/** The variable from which `mesh-inspect` reads a kubeconfig that is a text. */
const KUBECONFIG_TEXT = "MESH_INSPECT_KUBECONFIG";

/** What a command prints is data, not something to read, and too long to hand to its next run as a variable. */
const QUIET = { logging: "stderr", addPreviousOutputInEnv: false } as const;

/** One sentence for what the provider says where a node cannot be asked; its own words are those of a library. */
export function connectionFailure(
    { host, port, user }: { host: string; port: number; user: string },
    said: string,
): string {
    const node = `The node ${host} (port ${port})`;
    if (/host key mismatch|no common algorithm for host key/.test(said)) {
        return (
            `${node} shows another host key than the configured one, so nothing was sent to it; ` +
            "compare it on the node, then set it as the inspection's hostKey (the setting inspection.hostKey)"
        );
    }
    if (/unable to authenticate/.test(said)) {
        return (
            `${node} refuses the keys of user ${user}; authorize the key there, ` +
            "set another user or privateKey of the inspection (the settings inspection.user and inspection.privateKey), " +
            "or load a key into the SSH agent"
        );
    }
    const reason = said
        .trim()
        .split("\n")
        .at(-1)!
        .replace(/^.*failed attempts: /, "");
    return (
        `${node} cannot be asked over SSH (${reason}); check that it runs and that this machine reaches it, ` +
        "or set another host of the inspection (the setting inspection.host)"
    );
}

/** The command line of an inspection, for `sh`. Problems exit with 1, which fails the update only if asked for. */
export function inspectionCommand(args: {
    kubeconfig?: string;
    context?: string;
    namespaces: string[];
    failOnProblem: boolean;
    readsRules: boolean;
}): string {
    const words = [
        "node_modules/.bin/mesh-inspect",
        "doctor",
        "--findings",
        "--no-ask",
        ...kubeconfigFor(args.kubeconfig, KUBECONFIG_TEXT).words,
        ...(args.context === undefined ? [] : ["--context", args.context]),
        ...args.namespaces.flatMap((namespace) => ["--namespace", namespace]),
        ...(args.readsRules ? ["--rules", "-"] : []),
    ];
    const line = shellWords(words);
    // A failed update shows all that was printed: the sentences on standard error are enough.
    return args.failOnProblem ? `report=$(${line}) && printf '%s\\n' "$report"` : `${line} || test $? -eq 1`;
}
