import { Command, Option } from "commander";
import { UsageError } from "@istio-on-pulumi/kube";
import type { Section } from "./report";
import { parseUrl, TRAFFIC_DEFAULTS } from "./traffic";

/** The options as Commander reads them, each by its name in camel case. */
export interface Options {
    readonly kubeconfig?: string;
    readonly context?: string;
    readonly namespace?: readonly string[];
    readonly allNamespaces?: boolean;
    readonly rules?: readonly string[];
    readonly ssh?: string;
    readonly sshPort?: number;
    readonly identity?: string;
    readonly knownHosts?: string;
    readonly sudo?: boolean;
    readonly node?: string;
    readonly url?: string;
    readonly requests?: number;
    readonly concurrency?: number;
    /** In seconds. */
    readonly timeout?: number;
    readonly keepAlive?: boolean;
    readonly outputs?: string;
    readonly ask: boolean;
    readonly nodePort?: readonly number[];
    readonly json?: boolean;
    readonly findings?: boolean;
    readonly html?: string;
    readonly verbose?: boolean;
    readonly help?: boolean;
}

const COMMANDS: Readonly<Record<Section, readonly [usage: string, description: string]>> = {
    injection: [
        "injection",
        "each pod's containers, its proxy's version against the control plane's, and why one has no sidecar",
    ],
    proxy: [
        "proxy [pod]",
        "istio-init's and istio-proxy's arguments, environment, probes and mounts, explained; the pod by its name, " +
            "its workload's, the label app or how its name begins, also namespace/name",
    ],
    nat: [
        "nat [service]",
        "from KUBE-SERVICES to pods: chains, shares, marks, node ports; one Service (name, namespace/name, with or " +
            "without :port) is followed chain by chain",
    ],
    endpoints: [
        "endpoints",
        "each endpoint of a stack's outputs (--outputs): its Service, port, readiness, and whether it answers",
    ],
    traffic: [
        "traffic",
        "sends requests to the product page: success, latency, which reviews version answered how often, mutual TLS " +
            "on each hop, what a node's NAT rules counted; Ctrl-C ends it early and shows what it has",
    ],
    doctor: ["doctor", "all of it but traffic, and what an install needs of the cluster"],
};

/**
 * The command line as it is parsed and as `--help` shows it.
 *
 * @param chosen called with the command and its name, if it has one
 */
export function commandLine(chosen: (section: Section, name: string | undefined) => void): Command {
    const program = new Command("npm run inspect --")
        .usage("<command> [options]")
        .description(
            "Proves the mesh of the current kubeconfig's cluster. It reads and changes nothing; traffic alone sends " +
                "requests.",
        )
        .helpOption(false)
        .helpCommand(false)
        .exitOverride()
        .configureOutput({ writeErr: () => undefined })
        .addHelpText(
            "after",
            "\nExit code: 0 where nothing is wrong, 1 where something is or cannot be looked at,\n" +
                "2 where the command line makes no sense.",
        );
    for (const [section, [usage, description]] of Object.entries(COMMANDS) as [Section, (typeof COMMANDS)[Section]][])
        program
            .command(usage)
            .description(description)
            .helpOption(false)
            .action((name?: string | object) => chosen(section, typeof name === "string" ? name : undefined));
    addCluster(program);
    addRules(program);
    addTraffic(program);
    addOthers(program);
    return program;
}

function addCluster(program: Command): void {
    program
        .optionsGroup("Which cluster and namespaces:")
        .addOption(
            new Option("--kubeconfig <path>", "or its text; default: $KUBECONFIG, else ~/.kube/config")
                // A text holds keys, which a command line would show to everybody.
                .env("MESH_INSPECT_KUBECONFIG")
                .argParser(value),
        )
        .option("--context <name>", "default: the current context", value)
        .option(
            "-n, --namespace <name>",
            "look at this namespace; may be repeated; default: those of the mesh",
            several,
        )
        .option("-A, --all-namespaces", "look at all of them");
}

function addRules(program: Command): void {
    program
        .optionsGroup("Where a node's rules come from; default: this machine, if it is a node:")
        .option(
            "--rules <file>",
            "what iptables-save, ip6tables-save and nft -j list ruleset printed; may be repeated, - is standard input",
            several,
        )
        .option(
            "--ssh <[user@]host>",
            "a node, by the ssh client; its host key must be known, keys come from the agent or --identity",
        )
        .option("--ssh-port <port>", "its port", port("--ssh-port"))
        .option("--identity <file>", "the private key to use, and no other", value)
        .option("--known-hosts <file>", "the known host keys; default: those of the ssh client", value)
        .option("--sudo", "read the rules by sudo, which must not ask for a password")
        .option("--node <name>", "the node that the rules are of, where it cannot be told", value);
}

const MOST_REQUESTS = 100_000;
const MOST_CONCURRENCY = 64;
const MOST_TIMEOUT_SECONDS = 300;

function addTraffic(program: Command): void {
    program
        .optionsGroup("What is sent (traffic):")
        .option(
            "--url <url>",
            "what is asked; default: the product page as --outputs names it, else the Gateway's node port",
            productPage,
        )
        .option(
            "--requests <number>",
            `how many, 1 to ${MOST_REQUESTS}; default: ${TRAFFIC_DEFAULTS.requests}`,
            wholeNumber("--requests", "a number of requests", MOST_REQUESTS),
        )
        .option(
            "--concurrency <number>",
            `at the same time, 1 to ${MOST_CONCURRENCY}; default: ${TRAFFIC_DEFAULTS.concurrency}`,
            wholeNumber("--concurrency", "a number of requests at the same time", MOST_CONCURRENCY),
        )
        .option(
            "--timeout <seconds>",
            `how long one may take, 1 to ${MOST_TIMEOUT_SECONDS}; default: ${TRAFFIC_DEFAULTS.timeout / 1000}`,
            wholeNumber("--timeout", "a number of seconds", MOST_TIMEOUT_SECONDS),
        )
        .option(
            "--keep-alive",
            "use connections more than once; default: a new one for each request, so that NAT rules count each",
        );
}

function addOthers(program: Command): void {
    program
        .optionsGroup("What else:")
        .option("--outputs <file>", "the stack's outputs, as: pulumi stack output --json; - is standard input", value)
        .option("--no-ask", "ask no endpoint and no registry over the network")
        .addOption(
            new Option(
                "--node-port <port>",
                "a node port that an install is to use (doctor); may be repeated",
            ).argParser((text: string, before: readonly number[] = []) => [...before, port("--node-port")(text)]),
        )
        .option("--json", "everything as JSON on standard output")
        .option(
            "--findings",
            '{"ok", "findings"} as JSON on standard output, and each problem\'s sentence on standard error; what ' +
                "cannot be looked at is a problem like others",
        )
        .option("--html <file>", "write a page with the whole picture; needs no network", value)
        .option("-v, --verbose", "doctor: all that each check saw, however much it is")
        .option("-h, --help", "this text");
}

/** A value that is not the next option: Commander takes whatever follows. */
function value(text: string): string {
    if (text.length > 1 && text.startsWith("-"))
        throw new UsageError(`An option needs a value, but ${JSON.stringify(text)} follows it; see: ${HELP}`);
    return text;
}

const several = (text: string, before: readonly string[] = []): string[] => [...before, value(text)];

function productPage(text: string): string {
    const url = parseUrl(text);
    if (url !== undefined) return url;
    throw new UsageError(
        `--url is ${JSON.stringify(text)}, but it is a URL of HTTP without a password, such as ` +
            "http://10.0.0.1:30080/productpage.",
    );
}

const port = (option: string) => wholeNumber(option, "a port", 65_535);

function wholeNumber(option: string, what: string, most: number): (text: string) => number {
    return (text) => {
        const number = Number(text);
        if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
        throw new UsageError(`${option} is ${JSON.stringify(text)}, but it is ${what} from 1 to ${most}.`);
    };
}

/** How a user sees all options. */
export const HELP = "npm run inspect -- --help";
