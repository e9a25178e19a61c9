import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { saveScript } from "../inspect/rules/script";

/** A node to read the NAT rules from, over SSH. */
export interface NodeConnection {
    /** Host name or address of the node. */
    host: string;
    /** User with the right to read the rules: root, or one whose sudo asks for no password. */
    user: string;
    /** Port of its SSH server. */
    port: number;
    /** The server's public key, such as `ssh-ed25519 AAAA...`; a server with another one is refused. */
    hostKey: string;
    /** Private key of the user. @default the keys of the agent that $SSH_AUTH_SOCK names */
    privateKey?: pulumi.Input<string>;
}

export interface MeshInspectionArgs {
    /** Path of the kubeconfig. @default $KUBECONFIG, else ~/.kube/config */
    kubeconfig?: string;
    /** Context of the kubeconfig. */
    context: string;
    /** Namespaces to look at. */
    namespaces: pulumi.Input<string>[];
    /** Where the NAT rules come from. @default this machine, if it is a node of the cluster; else they are left out */
    node?: NodeConnection;
    /** Whether a problem fails the update. */
    failOnProblem: boolean;
    /** What is inspected: the inspection runs again when any of it changes. */
    subjects: pulumi.Input<unknown>[];
}

/** One sentence of an inspection. */
export interface InspectionFinding {
    severity: "problem" | "note";
    code: string;
    subject: string;
    message: string;
}

/**
 * Inspects the mesh as `npm run inspect -- doctor` does, once what it inspects is ready.
 *
 * It runs on the machine that runs the engine; with a node, the node's rules are read over SSH first.
 */
export class MeshInspection extends pulumi.ComponentResource {
    /** Whether nothing is wrong. */
    readonly ok: pulumi.Output<boolean>;
    readonly findings: pulumi.Output<InspectionFinding[]>;

    constructor(name: string, args: MeshInspectionArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:MeshInspection", name, {}, opts);
        const rules = args.node && this.readRules(name, args.node, args);
        const inspection = this.inspect(name, args, rules);
        const report = inspection.stdout.apply((text) => JSON.parse(text) as { ok: boolean; findings: InspectionFinding[] });
        this.ok = report.ok;
        this.findings = report.findings;
        this.registerOutputs({ ok: this.ok, findings: this.findings });
    }

    private readRules(name: string, node: NodeConnection, args: MeshInspectionArgs) {
        const { privateKey, ...server } = node;
        const connection = {
            ...server,
            // Without a key the plugin asks the agent; naming its socket here would keep this machine's path in state. With one, it
            // stays a secret: the SDK makes the whole connection one.
            ...(privateKey !== undefined && { privateKey }),
            dialErrorLimit: 2,
        };
        const prefix = node.user === "root" ? "" : "sudo -n ";
        return new command.remote.Command(`${name}-rules`, { connection, create: packed(saveScript(prefix)), ...QUIET, triggers: args.subjects }, { parent: this });
    }

    private inspect(name: string, args: MeshInspectionArgs, rules: command.remote.Command | undefined) {
        const create = pulumi.output(args.namespaces).apply((namespaces) => inspectionCommand({ ...args, namespaces, readsRules: rules !== undefined }));
        return new command.local.Command(
            name,
            { create, ...QUIET, triggers: args.subjects, ...(rules && { stdin: rules.stdout }) },
            { parent: this },
        );
    }
}

/** What a command prints is data, not something to read; and handed to its next run as a variable, it would be too long for the system. */
const QUIET = { logging: "stderr", addPreviousOutputInEnv: false } as const;

/** What a script prints, as compressed text: a large cluster's rules are megabytes, and the engine keeps them in its state. */
function packed(script: string): string {
    return `rules=$(${script}) || exit $?\nprintf '%s\\n' "$rules" | gzip -c | base64`;
}

/** The command line of an inspection, for `sh`. Problems exit with 1, which is a failed update only if that is asked for. */
export function inspectionCommand(args: Pick<MeshInspectionArgs, "kubeconfig" | "context" | "failOnProblem"> & { namespaces: string[]; readsRules: boolean }): string {
    const words = [
        "node_modules/.bin/tsx", "inspect/cli.ts", "doctor", "--json", "--no-ask",
        ...(args.kubeconfig === undefined ? [] : ["--kubeconfig", args.kubeconfig]),
        "--context", args.context,
        ...args.namespaces.flatMap((namespace) => ["--namespace", namespace]),
        ...(args.readsRules ? ["--rules", "-"] : []),
    ];
    const line = `${args.readsRules ? "base64 -d | gunzip -c | " : ""}${words.map(quoted).join(" ")}`;
    return args.failOnProblem ? line : `${line} || test $? -eq 1`;
}

/** A word for `sh`, as it is. */
function quoted(word: string): string {
    return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
