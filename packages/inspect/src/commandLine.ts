import { parseArgs } from "node:util";
import { UsageError } from "@istio-on-pulumi/kube";
import { type Section, SECTIONS } from "./report";
import type { RuleSource } from "./rules";
import { parseUrl, TRAFFIC_DEFAULTS, type TrafficOptions } from "./traffic";

/** What a command line asks for. Files are named as given; `-` is standard input. */
export interface Command {
    readonly section: Section;
    /** The pod of `proxy`, or the Service of `nat`. */
    readonly name?: string;
    readonly kubeconfig?: string;
    readonly context?: string;
    readonly namespaces: readonly string[];
    readonly allNamespaces: boolean;
    readonly rules?: RuleSource;
    readonly node?: string;
    readonly outputs?: string;
    readonly ask: boolean;
    readonly nodePorts: readonly number[];
    readonly json: boolean;
    /** Only whether nothing is wrong, and the findings, as JSON. */
    readonly findings: boolean;
    readonly html?: string;
    readonly verbose: boolean;
    /** What `traffic` sends. */
    readonly traffic?: TrafficOptions;
}

const OPTIONS = {
    kubeconfig: { type: "string" },
    context: { type: "string" },
    namespace: { type: "string", short: "n", multiple: true },
    "all-namespaces": { type: "boolean", short: "A" },
    rules: { type: "string", multiple: true },
    ssh: { type: "string" },
    "ssh-port": { type: "string" },
    identity: { type: "string" },
    "known-hosts": { type: "string" },
    sudo: { type: "boolean" },
    node: { type: "string" },
    outputs: { type: "string" },
    "no-ask": { type: "boolean" },
    "node-port": { type: "string", multiple: true },
    json: { type: "boolean" },
    findings: { type: "boolean" },
    html: { type: "string" },
    verbose: { type: "boolean", short: "v" },
    url: { type: "string" },
    requests: { type: "string" },
    concurrency: { type: "string" },
    timeout: { type: "string" },
    "keep-alive": { type: "boolean" },
    help: { type: "boolean", short: "h" },
} as const;

/**
 * Reads a command line.
 *
 * @throws UsageError where it makes no sense
 */
export function parseCommandLine(args: readonly string[]): Command | "help" {
    const { values, positionals } = parse(args);
    if (values.help) return "help";
    const [section, name, ...rest] = positionals;
    if (section === undefined) throw new UsageError(`Name a command: ${SECTIONS.join(", ")}.`);
    if (!isSection(section))
        throw new UsageError(`There is no command ${JSON.stringify(section)}; allowed: ${SECTIONS.join(", ")}.`);
    const takesName = section === "proxy" || section === "nat";
    if (rest.length > 0 || (name !== undefined && !takesName))
        throw new UsageError(
            `The command ${section} takes ${takesName ? "one name at most" : "no name"}, not ` +
                `${JSON.stringify((takesName ? rest : [name]).join(" "))}.`,
        );
    if (name !== undefined && values.html !== undefined)
        throw new UsageError(`The page of --html shows everything: leave the name ${JSON.stringify(name)} out.`);
    if (values["all-namespaces"] && values.namespace)
        throw new UsageError("Name namespaces with --namespace, or all of them with --all-namespaces, not both.");
    if (section === "endpoints" && values.outputs === undefined)
        throw new UsageError(
            "The command endpoints needs the stack's outputs: --outputs <file>, or --outputs - with: pulumi " +
                "stack output --json | npm run inspect -- endpoints --outputs -",
        );
    if (values.json && values.findings)
        throw new UsageError("Print everything with --json, or the findings alone with --findings, not both.");
    if (values.outputs === "-" && values.rules?.includes("-"))
        throw new UsageError("Standard input can be the rules or the outputs, not both.");
    return {
        section,
        name,
        kubeconfig: values.kubeconfig,
        context: values.context,
        namespaces: values.namespace ?? [],
        allNamespaces: values["all-namespaces"] ?? false,
        rules: ruleSource(values),
        node: values.node,
        outputs: values.outputs,
        ask: !values["no-ask"],
        nodePorts: (values["node-port"] ?? []).map((text) => portOf("--node-port", text)),
        json: values.json ?? false,
        findings: values.findings ?? false,
        html: values.html,
        verbose: values.verbose ?? false,
        traffic: trafficOptions(section, values),
    };
}

function parse(args: readonly string[]) {
    try {
        return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    } catch (error) {
        // Node's sentences name the option; what follows the first one is advice for programmers.
        throw new UsageError(
            `${(error as Error).message.split(". ")[0]!.replace(/\.$/, "")}; see: npm run inspect -- --help`,
        );
    }
}

const isSection = (text: string): text is Section => (SECTIONS as readonly string[]).includes(text);

type Values = ReturnType<typeof parse>["values"];

function ruleSource(values: Values): RuleSource | undefined {
    const onlySsh = (["ssh-port", "identity", "known-hosts", "sudo"] as const).filter(
        (name) => values[name] !== undefined,
    );
    if (values.ssh === undefined && onlySsh.length > 0)
        throw new UsageError(`--${onlySsh[0]} goes with --ssh <host> only.`);
    if (values.ssh !== undefined && values.rules)
        throw new UsageError("Take the rules from a node with --ssh, or from files with --rules, not both.");
    if (values.rules) return { kind: "file", files: values.rules };
    if (values.ssh === undefined) return undefined;
    if (values.ssh === "" || values.ssh.startsWith("-"))
        throw new UsageError(`--ssh is ${JSON.stringify(values.ssh)}, but it names a host, such as root@10.0.0.1.`);
    const port = values["ssh-port"];
    return {
        kind: "ssh",
        target: values.ssh,
        ...(port !== undefined && { port: portOf("--ssh-port", port) }),
        identity: values.identity,
        knownHosts: values["known-hosts"],
        sudo: values.sudo,
    };
}

const MOST_REQUESTS = 100_000;
const MOST_CONCURRENCY = 64;
const MOST_TIMEOUT_SECONDS = 300;

function trafficOptions(section: Section, values: Values): TrafficOptions | undefined {
    const given = (["url", "requests", "concurrency", "timeout", "keep-alive"] as const).filter(
        (name) => values[name] !== undefined,
    );
    if (section !== "traffic") {
        if (given.length > 0) throw new UsageError(`--${given[0]} goes with the command traffic only.`);
        return undefined;
    }
    if (values["no-ask"]) throw new UsageError("The command traffic sends requests: leave --no-ask out.");
    const number = (option: "requests" | "concurrency" | "timeout", what: string, most: number, otherwise: number) => {
        const text = values[option];
        return text === undefined ? otherwise : wholeNumber(`--${option}`, text, what, most);
    };
    const url = values.url === undefined ? undefined : parseUrl(values.url);
    if (values.url !== undefined && url === undefined)
        throw new UsageError(
            `--url is ${JSON.stringify(values.url)}, but it is a URL of HTTP without a password, such as ` +
                "http://10.0.0.1:30080/productpage.",
        );
    return {
        url,
        requests: number("requests", "a number of requests", MOST_REQUESTS, TRAFFIC_DEFAULTS.requests),
        concurrency: number(
            "concurrency",
            "a number of requests at the same time",
            MOST_CONCURRENCY,
            TRAFFIC_DEFAULTS.concurrency,
        ),
        timeout: number("timeout", "a number of seconds", MOST_TIMEOUT_SECONDS, TRAFFIC_DEFAULTS.timeout / 1000) * 1000,
        keepAlive: values["keep-alive"] ?? false,
    };
}

const portOf = (option: string, text: string): number => wholeNumber(option, text, "a port", 65_535);

function wholeNumber(option: string, text: string, what: string, most: number): number {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < 1 || number > most)
        throw new UsageError(`${option} is ${JSON.stringify(text)}, but it is ${what} from 1 to ${most}.`);
    return number;
}
