import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { UserError } from "@istio-on-pulumi/kube";
import { surveyCluster } from "../cluster";
import { at, textAt } from "./values";

interface Autoscaler {
    metadata: { namespace?: string };
    spec: { scaleTargetRef: { kind: string; name: string } };
}

/**
 * Titles of the workloads whose scale is an autoscaler's, whoever made it. Where nobody claimed a number of replicas
 * before, the API server records neither an autoscaler nor `kubectl scale` as its writer.
 *
 * @returns none where the cluster does not tell; a scale then counts as somebody's
 */
export async function autoscaledIn(stack: Stack, events: readonly EngineEvent[]): Promise<readonly string[]> {
    try {
        const { client } = await surveyCluster({
            kubeconfig: await kubeconfigOf(stack),
            context: contextIn(events),
        });
        const path = "/apis/autoscaling/v2/horizontalpodautoscalers";
        const found = await client.list<Autoscaler>(path, { absent: [403, 404] });
        return (found ?? []).map(
            ({ metadata: { namespace }, spec: { scaleTargetRef: target } }) =>
                `${target.kind} ${namespace ? `${namespace}/` : ""}${target.name}`,
        );
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return [];
    }
}

/** As the settings name it: of one that is a text the engine shows none. */
async function kubeconfigOf(stack: Stack): Promise<string | undefined> {
    const { name } = await stack.workspace.projectSettings();
    const cluster = (await stack.getAllConfig())[`${name}:cluster`];
    return cluster && textAt(JSON.parse(cluster.value), "kubeconfig");
}

/** As the stack's provider has it. */
function contextIn(events: readonly EngineEvent[]): string | undefined {
    const provider = events.find(
        ({ resOutputsEvent }) => resOutputsEvent?.metadata.type === "pulumi:providers:kubernetes",
    );
    const context = at(provider?.resOutputsEvent?.metadata.old?.inputs, "context");
    return typeof context === "string" && context !== "" ? context : undefined;
}
