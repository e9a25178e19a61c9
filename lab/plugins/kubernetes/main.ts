/**
 * The lab's stand-in for Pulumi's Kubernetes plugin. The engine starts it with its own address as the argument; what
 * makes it slow to start is loaded when the first request needs it.
 */
import { Engine } from "../rpc/engine";
import { serve } from "../rpc/server";
import { PROVIDER_SERVICE } from "../rpc/provider-messages";
import { providerService } from "./service";
import { PROVIDER_VERSION } from "./version";

function main(args: string[]): void {
    if (args.includes("--version") || args.includes("-version")) {
        console.log(`v${PROVIDER_VERSION} (stand-in of the lab)`);
        return;
    }
    const engine = new Engine(args.find((arg) => !arg.startsWith("-")));
    engine.log("debug", `Kubernetes plugin: the lab's stand-in for ${PROVIDER_VERSION}`);
    void serve(PROVIDER_SERVICE, providerService(engine));
}

main(process.argv.slice(2));
