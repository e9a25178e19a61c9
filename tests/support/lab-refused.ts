import { expect } from "vitest";
import type { Lab, Outcome } from "./lab";
import { getAll } from "./lab-objects";
import type { Stack } from "./lab-stack";

export const printed = ({ stdout, stderr }: Outcome) => `${stdout}\n${stderr}`;

/** What a preview says that must be refused; it shows no stack trace, and nothing of the stack is in the cluster. */
export async function refusedPreview(stack: Stack, settings: Record<string, string> = {}): Promise<string> {
    const outcome = await stack.with(settings, () => stack.attempt(["preview"]));
    const text = printed(outcome);
    expect(outcome.code, text).not.toBe(0);
    expect(text).not.toMatch(/^\s+at .*:\d+:\d+/m);
    const kinds = "namespaces,clusterroles,deployments";
    expect(await getAll(stack.lab, kinds, "--all-namespaces", "-l", "istio-on-pulumi/stack")).toEqual([]);
    return text;
}

export const applyObject = (lab: Lab, object: object) =>
    lab.output(["kubectl", "apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) });

export const namespace = (name: string, labels = {}) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels },
});

export const clusterRole = (name: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name },
    rules: [] as object[],
});
