/** The command behind `npm run bundle`. */
import { join } from "node:path";
import { Command, Option } from "commander";
import { DEFAULT_ISTIO, fromCaller, GATEWAY_API_VERSIONS, ISTIO_VERSIONS, UserError } from "@istio-on-pulumi/kube";
import { type BundleOptions, type BundleResult, writeBundle } from "./bundle";
import { writeTools } from "./tools";

/** What the command line gives beside the directory. */
interface Options {
    readonly from: NonNullable<BundleOptions["source"]>;
    readonly go?: string;
    readonly tools?: boolean;
    readonly istio?: string[];
    readonly gatewayApi?: string[];
}

const ORIGIN: Readonly<Record<BundleResult["source"], string>> = {
    upstream: "fetched from upstream",
    go: "taken from Go modules",
    existing: "already there and right",
};

new Command("npm run bundle --")
    .description(
        "Writes the files of Istio and Gateway API that this project installs, verified, to a directory, " +
            "for clusters without internet.",
    )
    .argument("<dir>", "a new or empty directory, or a bundle, which keeps the versions that it has")
    .addOption(
        new Option("--from <source>", "upstream: by HTTPS; go: from Go modules; auto: the one, else the other")
            .choices(["upstream", "go", "auto"])
            .default("auto"),
    )
    .addOption(
        new Option("--istio <version...>", `versions of Istio; default: the bundle's, or ${DEFAULT_ISTIO}`).choices(
            ISTIO_VERSIONS,
        ),
    )
    .addOption(
        new Option("--gateway-api <version...>", "versions of Gateway API besides those that go with Istio's").choices(
            GATEWAY_API_VERSIONS,
        ),
    )
    .option("--go <command>", "the go command; default: go on PATH")
    .option("--tools", "also Pulumi's plugins and npm's packages, for machines like this one")
    .showHelpAfterError()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action(bundle)
    .parseAsync()
    .catch((error: unknown) => {
        console.error(error instanceof UserError ? error.message : error);
        process.exitCode = 1;
    });

async function bundle(given: string, { from, go, tools = false, istio, gatewayApi }: Options): Promise<void> {
    const dir = fromCaller(given);
    const options = { istio, gatewayApi, source: from, go: { goCommand: go }, onProgress: showProgress };
    const { source, files } = await writeBundle(dir, options).finally(() => {
        if (process.stderr.isTTY) process.stderr.write(ERASE_LINE);
    });
    if (tools) await writeTools(dir, join(__dirname, ".."));
    console.log(`${dir}: a bundle of ${files} files, ${ORIGIN[source]}. The images to mirror are in images.txt.`);
}

const ERASE_LINE = "\r\u001b[K";

/** One line that is rewritten on a terminal; elsewhere a line for the first, each twentieth and the last file. */
function showProgress(done: number, total: number, path: string): void {
    if (process.stderr.isTTY) {
        process.stderr.write(ERASE_LINE + `${done}/${total} ${path}`.slice(0, (process.stderr.columns || 80) - 1));
    } else if (done === 1 || done % 20 === 0 || done === total) {
        process.stderr.write(`${done}/${total} ${path}\n`);
    }
}
