import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "@istio-on-pulumi/kube";
import { demo, exec, reset, start, status, stop } from "./commands";
import { labPlace } from "./place";

const USAGE = `Usage: npm run lab -- <command>

  start             build what is missing and start the lab; one that runs is left alone
  stop              end the lab; its cluster's data stays
  reset             end the lab and remove its cluster and its stacks
  status            each part, and where things are; exit code 1 if the lab is not ready
  exec <command...> run a command in the lab, with pulumi, kubectl, helm, istioctl and the lab's stack and cluster
  demo              start, pulumi up, and the endpoints as a table (also: npm run demo)

Environment: LAB_NAME (default lab) names the lab, LAB_PLUGINS a directory of official plugins to use,
LAB_DATA_PLANE=off leaves out sidecars, gateways and Bookinfo.
`;

/** The exit code of a command line. @throws UserError if it makes no sense. */
async function main(argv: readonly string[]): Promise<number> {
    const [command, ...rest] = argv;
    const place = labPlace();
    if (command === "exec") {
        // Everything after it belongs to the command, options too.
        const line = rest[0] === "--" ? rest.slice(1) : rest;
        if (line.length === 0)
            throw new UserError("exec needs a command to run: npm run lab -- exec kubectl get pods -A");
        return exec(place, line, workingDirectory(place.repository));
    }
    const { values, positionals } = parse(rest);
    if (values.help || command === "--help" || command === "-h" || command === "help") {
        console.log(USAGE);
        return 0;
    }
    if (positionals.length > 0)
        throw new UserError(`${command} takes no arguments, but was given "${positionals.join(" ")}".`);
    switch (command) {
        case "start":
            return start(place).then(() => 0);
        case "stop":
            return stop(place).then(() => 0);
        case "reset":
            return reset(place).then(() => 0);
        case "status":
            return status(place);
        case "demo":
            return demo(place);
        default:
            throw new UserError(
                `${command === undefined ? "No command is given" : `There is no command "${command}"`}: use one of start, stop, reset, status, exec, demo.`,
            );
    }
}

/** The directory that the user is in: `npm run lab` changes to the repository, and says where it was called. */
function workingDirectory(repository: string): string {
    const { npm_lifecycle_event: script, INIT_CWD: called } = process.env;
    return script === "lab" && called !== undefined && process.cwd() === resolve(repository) ? called : process.cwd();
}

function parse(args: readonly string[]) {
    try {
        return parseArgs({
            args: [...args],
            allowPositionals: true,
            options: { help: { type: "boolean", short: "h" } },
        });
    } catch (error) {
        throw new UserError(`${(error as Error).message.split(". ")[0]}: the only option is --help.`);
    }
}

main(process.argv.slice(2)).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
        // A failure that the user can mend is one sentence; only a bug shows where it happened.
        console.error(error instanceof UserError ? error.message : error);
        process.exitCode = 1;
    },
);
