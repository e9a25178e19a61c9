import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { complaintOf, ISTIO_VERSIONS, UsageError, UserError } from "@istio-on-pulumi/kube";
import { demo, reset, start, status, stop } from "./commands";
import { exec, foreground } from "./exec";
import { type LabPlace, labPlace } from "./place";
import { loader } from "./plugins";
import type { StartOptions } from "./start";
import { asLabRoot } from "./user-namespace";

const ENVIRONMENT = `
Environment: LAB_NAME (default lab) names the lab; LAB_PLUGINS is a directory of plugins to use;
LAB_DATA_PLANE=off leaves out sidecars, gateways and Bookinfo; LAB_PROXY_MODE is kube-proxy's mode.`;

/** The command line; each action sets the exit code. */
function commandLine(): Command {
    const program = new Command("npm run lab --")
        .description("A Kubernetes cluster with Istio as processes on this machine.")
        .addHelpText("after", ENVIRONMENT)
        .enablePositionalOptions()
        .exitOverride()
        .configureOutput({ writeErr: () => undefined });
    const DOWNLOAD = [
        "--download-plugins",
        "download official plugins, even if that has failed in the last day",
    ] as const;
    program
        .command("start")
        .description("build what is missing and start the lab; one that runs is left alone")
        .option(...DOWNLOAD)
        .addOption(
            new Option(
                "--istio <version...>",
                "for pods of these versions, besides the default one and the stack's",
            ).choices(ISTIO_VERSIONS),
        )
        .option("--yaml", "make what programs in Pulumi YAML need, too")
        .action((options: StartOptions) => asRoot((place) => start(place, options)));
    program
        .command("stop")
        .description("end the lab; its cluster's data stays")
        .action(() => asRoot(stop));
    program
        .command("reset")
        .description("end the lab and remove its cluster and its stacks")
        .action(() => asRoot(reset));
    program
        .command("status")
        .description("each part, where things are, and which plugins are in use; exit code 1 if the lab is not ready")
        .action(() => void (process.exitCode = status(labPlace())));
    program
        .command("exec")
        .description("run a command in the lab, with pulumi, kubectl, helm, istioctl and the lab's stack and cluster")
        .argument("<command...>", "the command, with its own options")
        .passThroughOptions()
        .action(async (command: string[]) => {
            const place = labPlace();
            process.exitCode = await exec(place, command, workingDirectory(place.repository));
        });
    program
        .command("demo")
        .description("start, pulumi up, and the endpoints as a table (also: npm run demo)")
        .option(...DOWNLOAD)
        .action((options: StartOptions) => asRoot((place) => demo(place, options)));
    return program;
}

/** Does what only root may, or this whole command once more as the root of the lab's user namespace. */
async function asRoot(action: (place: LabPlace) => Promise<number | void>): Promise<void> {
    const place = labPlace();
    const again = await asLabRoot(place, [
        process.execPath,
        "--import",
        loader(),
        __filename,
        ...process.argv.slice(2),
    ]);
    process.exitCode = (await (again ? foreground(again.command, process.cwd(), again.env) : action(place))) ?? 0;
}

/** The directory that the user is in: `npm run lab` changes to the repository, and says where it was called. */
function workingDirectory(repository: string): string {
    const { npm_lifecycle_event: script, INIT_CWD: called } = process.env;
    return script === "lab" && called !== undefined && process.cwd() === resolve(repository) ? called : process.cwd();
}

async function main(args: readonly string[]): Promise<void> {
    try {
        // Without a command the help is what is wanted.
        await commandLine().parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    } catch (thrown) {
        if (thrown instanceof CommanderError && thrown.exitCode === 0) return;
        const error =
            thrown instanceof CommanderError ? new UsageError(complaintOf(thrown, "npm run lab -- --help")) : thrown;
        // A failure that the user can mend is one sentence; only a bug shows where it happened.
        console.error(error instanceof UserError ? error.message : error);
        process.exitCode = error instanceof UsageError ? 2 : 1;
    }
}

void main(process.argv.slice(2));
