import { spawn } from "node:child_process";
import { certificateAuthority } from "./certificates";
import { codeOf, reasonOf, UserError } from "./errors";
import type { KubeconfigContext } from "./kubeconfig";
import type { ExecEntry } from "./kubeconfig-file";

/** What a credential plugin hands out. */
export interface Login {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    /** When to ask again; `undefined` means never. */
    readonly expires?: Date;
}

/** Versions of the plugins' interface that kubectl still speaks. */
const API_VERSIONS = ["v1", "v1beta1"].map((version) => `client.authentication.k8s.io/${version}`);
/** Extension of a cluster that is meant for its plugins. */
const EXEC_EXTENSION = "client.authentication.k8s.io/exec";

/**
 * Runs the command by which a kubeconfig's user logs in, as kubectl does: what it says to the user reaches the
 * terminal, what it asks is answered there, and it takes the time that it needs.
 *
 * @param exec the user's entry
 * @throws UserError where the command is missing, fails, or hands out nothing
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
export async function runCredentialPlugin(exec: ExecEntry, context: KubeconfigContext): Promise<Login> {
    const user = `user ${JSON.stringify(context.userName)}`;
    const { command, apiVersion = "" } = exec;
    if (!command) throw new UserError(`${context.kubeconfig} holds no command in exec of ${user}; repair the file`);
    if (!API_VERSIONS.includes(apiVersion))
        throw new UserError(
            `${context.kubeconfig} wants the login of ${user} in version ${JSON.stringify(apiVersion)} of the ` +
                `plugins' interface; allowed: ${API_VERSIONS.join(", ")}. Let the tool that wrote it write it anew`,
        );
    const interactive = isInteractive(exec, `${context.kubeconfig}: the login of ${user}`);
    const info = JSON.stringify({
        kind: "ExecCredential",
        apiVersion,
        spec: { interactive, ...(exec.provideClusterInfo === true && { cluster: clusterInfo(context) }) },
    });
    const output = await run({ ...exec, command }, user, context, interactive, info);
    return readCredential(output, apiVersion, `The login command ${command} of ${user}`);
}

function isInteractive({ interactiveMode = "IfAvailable" }: ExecEntry, login: string): boolean {
    const terminal = Boolean(process.stdin.isTTY);
    if (interactiveMode === "Always" && !terminal)
        throw new UserError(
            `${login} asks its questions at a terminal (interactiveMode: Always), and standard input is none; run ` +
                "this in a terminal",
        );
    return interactiveMode !== "Never" && terminal;
}

function clusterInfo(context: KubeconfigContext): object {
    const { cluster } = context;
    const ca = certificateAuthority(context);
    return {
        server: cluster.server,
        "tls-server-name": cluster["tls-server-name"],
        "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
        "certificate-authority-data": ca?.toString("base64"),
        "proxy-url": cluster["proxy-url"],
        config: cluster.extensions?.find(({ name }) => name === EXEC_EXTENSION)?.extension ?? null,
    };
}

/** Runs the command and returns what it prints. */
async function run(
    { command, args = [], env = [], installHint }: ExecEntry & { command: string },
    user: string,
    { kubeconfig, name }: KubeconfigContext,
    interactive: boolean,
    info: string,
): Promise<string> {
    const own = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const child = spawn(command, args, {
        env: { ...process.env, ...own, KUBERNETES_EXEC_INFO: info },
        stdio: [interactive ? "inherit" : "ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = await new Promise<string | undefined>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) =>
            resolve(code === 0 ? undefined : signal ? `ended by ${signal}` : `exit code ${code}`),
        );
    }).catch((error: unknown) => {
        const why = codeOf(error) === "ENOENT" ? "is not installed" : `cannot be run (${reasonOf(error)})`;
        const hint = !installHint ? "install it" : installHint.trim().replace(/\s+/g, " ");
        throw new UserError(
            `The login command ${command} ${why}; ${user} of context ${JSON.stringify(name)} logs in with it, as ` +
                `${kubeconfig.replace(/^The/, "the")} says: ${hint}`,
        );
    });
    if (ended !== undefined)
        throw new UserError(
            `The login command ${command} of ${user} failed (${ended}); see what it says above, or run it by itself`,
        );
    return output;
}

/** What a plugin printed; nothing of it may come back in an error, for it may be a token. */
function readCredential(output: string, apiVersion: string, command: string): Login {
    let credential: { kind?: unknown; apiVersion?: unknown; status?: Record<string, string | undefined> | null };
    try {
        credential = JSON.parse(output) as typeof credential;
    } catch {
        throw new UserError(`${command} prints no JSON; it must print an ExecCredential of ${apiVersion}`);
    }
    if (credential?.kind !== "ExecCredential" || credential.apiVersion !== apiVersion)
        throw new UserError(
            `${command} prints no ExecCredential of ${apiVersion}; check its version and its arguments in the kubeconfig`,
        );
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = credential.status ?? {};
    if (!token && !(clientCertificateData && clientKeyData))
        throw new UserError(
            `${command} hands out neither a token nor a client certificate with its key; log in with it by itself`,
        );
    const expires = expirationTimestamp ? new Date(expirationTimestamp) : undefined;
    return { token, clientCertificateData, clientKeyData, ...(isDate(expires) && { expires }) };
}

const isDate = (date: Date | undefined) => date !== undefined && !Number.isNaN(date.getTime());
