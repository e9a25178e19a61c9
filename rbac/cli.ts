import { join } from "node:path";
import { Command } from "commander";
import { stringify } from "yaml";
import { compareMinors, minorOf } from "@istio-on-pulumi/kube";
import { changesOf } from "../report/changes";
import { endFailed } from "../report/commandLine";
import { record, type Recording } from "../report/run";
import { textAt } from "../report/values";
import { readIstioCrds, UpstreamFiles } from "../upstream";
import { identityObjects } from "./manifest";
import { grantsOf, type Identity, type IstioCrd } from "./rights";
import { type RegisteredStack, registeredStack } from "./stack";

interface Options {
    stack: string;
    namespace: string;
}

const program = new Command("npm run rbac --")
    .description("prints who may bring a stack up and who may preview it, as objects for kubectl apply")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .requiredOption("--stack <name>", "the stack, which is previewed")
    .option("--namespace <name>", "namespace of the ServiceAccounts up and preview", "istio-on-pulumi")
    .action(async ({ stack: name, namespace }: Options) => {
        console.error(`preview of ${name}`);
        const recording = await record("preview", name);
        const stack = registeredStack(changesOf(recording));
        const crds = await crdsOf(stack, recording);
        const objects = identitiesOf(recording).flatMap((identity) =>
            identityObjects(identity, namespace, grantsOf(identity, stack, crds)),
        );
        const home = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
        process.stdout.write(
            [home, ...objects].map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join(""),
        );
    });

async function crdsOf({ releases }: RegisteredStack, recording: Recording): Promise<IstioCrd[]> {
    const upstream = UpstreamFiles.open({ projectDir: join(__dirname, ".."), bundleDir: bundleIn(recording) });
    return (await Promise.all(releases.map(({ version }) => readIstioCrds(upstream, version)))).flat();
}

/** Of upstream's files, as the stack has it. */
function bundleIn({ events }: Recording): string | undefined {
    const component = events.find(({ resourcePreEvent }) =>
        resourcePreEvent?.metadata.type.endsWith(":IstioControlPlane"),
    );
    return textAt(component?.resourcePreEvent?.metadata.new?.inputs, "bundle");
}

/** The policy that lets previews only try out is newer than the oldest cluster that Istio takes. */
function identitiesOf({ events }: Recording): Identity[] {
    const outputs = events.findLast(({ resOutputsEvent }) => resOutputsEvent?.metadata.type === "pulumi:pulumi:Stack");
    const version = textAt(outputs?.resOutputsEvent?.metadata.new?.outputs, "versions", "kubernetes") ?? "";
    const minor = minorOf(version);
    if (minor === undefined || compareMinors(minor, POLICIES_SINCE) >= 0) return ["up", "preview"];
    console.error(
        `Kubernetes is ${version}, and only ${POLICIES_SINCE} or newer has what lets previews try changes out without making ` +
            "them (ValidatingAdmissionPolicy), so that the ServiceAccount preview is left out.",
    );
    return ["up"];
}

const POLICIES_SINCE = "1.30";

program.parseAsync().catch((error: unknown) => endFailed(error, "npm run rbac -- --help"));
