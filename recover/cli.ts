import { CommandError, type Stack } from "@pulumi/pulumi/automation";
import { Command } from "commander";
import { ISTIO_NAMESPACE, UserError } from "@istio-on-pulumi/kube";
import { checkIdentity, STACK_LABEL, surveyCluster, USED_BY_LABEL } from "../cluster";
import { loadSettings } from "../config";
import { complaintIn } from "../report/cliOutput";
import { endFailed } from "../report/commandLine";
import { stackOf } from "../report/run";

const program = new Command("npm run recover --")
    .description(
        "puts an empty state in the place of one that cannot be read, and has the stack take over what it made before; " +
            "a state that can be read is left alone, and nothing in the cluster is changed",
    )
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .requiredOption("--stack <name>", "the stack")
    .action(async ({ stack: name }: { stack: string }) => {
        const stack = await stackOf(name);
        const damage = await damageOf(stack);
        if (damage === undefined) {
            console.log(`The state of stack ${JSON.stringify(name)} can be read; nothing was done.`);
            return;
        }
        console.log(`The state of stack ${JSON.stringify(name)} cannot be read: ${damage}`);
        const { identity, where } = await ownerOfMesh(stack);
        // Before the state: without it, the next update would refuse what the stack has made.
        if (identity !== undefined) {
            await stack.workspace.setConfig(name, "cluster.stackIdentity", { value: identity }, true);
        }
        await stack.importStack({ version: 3, deployment: {} });
        console.log(outcomeOf(name, where, identity));
    });

/** What the CLI says of a state that it cannot read; `undefined` of one that it can. */
async function damageOf(stack: Stack): Promise<string | undefined> {
    try {
        await stack.exportStack();
        return undefined;
    } catch (error) {
        const complaint = error instanceof CommandError ? complaintIn(error.message) : "";
        if (/failed to load checkpoint|could not (load|unmarshal)/.test(complaint)) return complaint;
        throw error;
    }
}

/** The identity that the mesh of the stack's cluster is marked with, if there is one. */
async function ownerOfMesh(stack: Stack): Promise<{ identity?: string; where: string }> {
    const config = await stack.getAllConfig();
    const values = Object.entries(config).map(([key, { value }]) => [key, value] as const);
    const { name: project } = await stack.workspace.projectSettings();
    const settings = loadSettings(Object.fromEntries(values), project);
    const survey = await surveyCluster(settings.cluster);
    checkIdentity(survey, settings.cluster.uid);
    const { client } = survey;
    const namespaces = await client.listMetadata("/api/v1/namespaces");
    const { labels } = namespaces.find(({ name }) => name === ISTIO_NAMESPACE) ?? {};
    return { identity: labels?.[STACK_LABEL] ?? labels?.[USED_BY_LABEL], where: client.where };
}

function outcomeOf(name: string, where: string, identity: string | undefined): string {
    const quoted = JSON.stringify(name);
    if (identity === undefined) {
        return `${where} holds no mesh of this program. The state is empty now: pulumi up --stack ${name} begins anew.`;
    }
    return [
        `${where} holds the mesh of ${identity}. Stack ${quoted} has an empty state now, and takes that over: its setting`,
        `cluster.stackIdentity is ${identity}. Next: pulumi up --stack ${name}, which shows as created what it takes over.`,
        `If that mesh is another stack's, whose state holds it, it must not: pulumi config rm --path cluster.stackIdentity`,
    ].join("\n");
}

program.parseAsync().catch((error: unknown) => {
    const told = error instanceof CommandError ? new UserError(complaintIn(error.message)) : error;
    endFailed(told, "npm run recover -- --help");
});
