import { CommanderError } from "commander";
import { complaintOf, UsageError } from "@istio-on-pulumi/kube";
import { commandLine, HELP, type Options } from "./options";
import { type Section, SECTIONS } from "./report";
import type { RuleSource } from "./rules";
import { TRAFFIC_DEFAULTS, type TrafficOptions } from "./traffic";

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

/** That the user asks for the text of `--help`. */
export interface HelpWanted {
    readonly help: string;
}

/**
 * Reads a command line.
 *
 * @throws UsageError where it makes no sense
 */
export function parseCommandLine(args: readonly string[]): Command | HelpWanted {
    let section: Section | undefined;
    let name: string | undefined;
    let help = "";
    const program = commandLine((...chosen) => ([section, name] = chosen)).configureOutput({
        writeOut: (text) => (help += text),
    });
    try {
        program.parse(args, { from: "user" });
    } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        if (!program.opts<Options>().help) throw new UsageError(complaint(error, program.args));
    }
    const options = program.opts<Options>();
    if (options.help) {
        program.outputHelp();
        return { help };
    }
    // Commander has refused a line without a command.
    return describe(section!, name, options);
}

/** Commander's complaint as one sentence of ours. */
function complaint(error: CommanderError, [command = "", ...names]: readonly string[]): string {
    const { code } = error;
    const allowed = SECTIONS.join(", ");
    if (code === "commander.help") return `Name a command: ${allowed}.`;
    if (code === "commander.unknownCommand")
        return `There is no command ${JSON.stringify(command)}; allowed: ${allowed}.`;
    if (code === "commander.excessArguments") {
        const takesName = command === "proxy" || command === "nat";
        const excess = JSON.stringify((takesName ? names.slice(1) : names).join(" "));
        return `The command ${command} takes ${takesName ? "one name at most" : "no name"}, not ${excess}.`;
    }
    return complaintOf(error, HELP);
}

function describe(section: Section, name: string | undefined, options: Options): Command {
    if (name !== undefined && options.html !== undefined)
        throw new UsageError(`The page of --html shows everything: leave the name ${JSON.stringify(name)} out.`);
    if (options.allNamespaces && options.namespace)
        throw new UsageError("Name namespaces with --namespace, or all of them with --all-namespaces, not both.");
    if (section === "endpoints" && options.outputs === undefined)
        throw new UsageError(
            "The command endpoints needs the stack's outputs: --outputs <file>, or --outputs - with: pulumi stack " +
                "output --json | npm run inspect -- endpoints --outputs -",
        );
    if (options.json && options.findings)
        throw new UsageError("Print everything with --json, or the findings alone with --findings, not both.");
    if (options.outputs === "-" && options.rules?.includes("-"))
        throw new UsageError("Standard input can be the rules or the outputs, not both.");
    return {
        section,
        name,
        kubeconfig: options.kubeconfig,
        context: options.context,
        namespaces: options.namespace ?? [],
        allNamespaces: options.allNamespaces ?? false,
        rules: ruleSource(options),
        node: options.node,
        outputs: options.outputs,
        ask: options.ask,
        nodePorts: options.nodePort ?? [],
        json: options.json ?? false,
        findings: options.findings ?? false,
        html: options.html,
        verbose: options.verbose ?? false,
        traffic: trafficOptions(section, options),
    };
}

/** The first of these options that is given, as it is written. */
function firstGiven(options: Options, flags: readonly [key: keyof Options, flag: string][]): string | undefined {
    return flags.find(([key]) => options[key] !== undefined)?.[1];
}

function ruleSource(options: Options): RuleSource | undefined {
    const { ssh, sshPort, identity, knownHosts, sudo, rules } = options;
    const onlySsh = firstGiven(options, [
        ["sshPort", "--ssh-port"],
        ["identity", "--identity"],
        ["knownHosts", "--known-hosts"],
        ["sudo", "--sudo"],
    ]);
    if (ssh === undefined && onlySsh !== undefined) throw new UsageError(`${onlySsh} goes with --ssh <host> only.`);
    if (ssh !== undefined && rules)
        throw new UsageError("Take the rules from a node with --ssh, or from files with --rules, not both.");
    if (rules) return { kind: "file", files: rules };
    if (ssh === undefined) return undefined;
    if (ssh === "" || ssh.startsWith("-"))
        throw new UsageError(`--ssh is ${JSON.stringify(ssh)}, but it names a host, such as root@10.0.0.1.`);
    return { kind: "ssh", target: ssh, ...(sshPort !== undefined && { port: sshPort }), identity, knownHosts, sudo };
}

function trafficOptions(section: Section, options: Options): TrafficOptions | undefined {
    if (section !== "traffic") {
        const given = firstGiven(options, [
            ["url", "--url"],
            ["requests", "--requests"],
            ["concurrency", "--concurrency"],
            ["timeout", "--timeout"],
            ["keepAlive", "--keep-alive"],
        ]);
        if (given !== undefined) throw new UsageError(`${given} goes with the command traffic only.`);
        return undefined;
    }
    if (!options.ask) throw new UsageError("The command traffic sends requests: leave --no-ask out.");
    return {
        url: options.url,
        requests: options.requests ?? TRAFFIC_DEFAULTS.requests,
        concurrency: options.concurrency ?? TRAFFIC_DEFAULTS.concurrency,
        timeout: options.timeout === undefined ? TRAFFIC_DEFAULTS.timeout : options.timeout * 1000,
        keepAlive: options.keepAlive ?? TRAFFIC_DEFAULTS.keepAlive,
    };
}
