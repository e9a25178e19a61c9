/**
 * The lab's stand-in for Pulumi's Command plugin: runs commands on this machine, or over SSH. The engine starts it with
 * its own address as the argument.
 */
import { Engine } from "../rpc/engine";
import { PROVIDER_SERVICE } from "../rpc/provider-messages";
import { serve } from "../rpc/server";
import { commandService } from "./service";
import { COMMAND_VERSION } from "./version";

function main(args: string[]): void {
    if (args.includes("--version") || args.includes("-version")) {
        console.log(`v${COMMAND_VERSION} (stand-in of the lab)`);
        return;
    }
    const engine = new Engine(args.find((arg) => !arg.startsWith("-")));
    engine.log("debug", `Command plugin: the lab's stand-in for ${COMMAND_VERSION}`);
    void serve(PROVIDER_SERVICE, commandService(engine));
}

main(process.argv.slice(2));
