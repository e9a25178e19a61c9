/** Keeps of a list of objects on standard input what the inspections look at, a line an object. */
import { readFileSync } from "node:fs";
import type { KubernetesObject } from "@kubernetes/client-node";

const DROPPED = new Set([
    "managedFields",
    "uid",
    "resourceVersion",
    "generation",
    "tolerations",
    "volumes",
    "volumeMounts",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "lastTransitionTime",
    "lastHeartbeatTime",
    "lastProbeTime",
    "capacity",
    "allocatable",
    "nodeInfo",
    "kubectl.kubernetes.io/last-applied-configuration",
]);
const NAMESPACES = ["golden", "default", "kube-system"];

const { items } = JSON.parse(readFileSync(0, "utf8")) as { items: KubernetesObject[] };
const kept = items.filter(({ metadata }) => !metadata?.namespace || NAMESPACES.includes(metadata.namespace));
const lines = kept.map((item) =>
    JSON.stringify(item, (key, value: unknown) => (DROPPED.has(key) ? undefined : value)),
);
console.log(`[\n${lines.join(",\n")}\n]`);
