// Keeps of a list of objects what the inspections look at, a line an object.
import { readFileSync } from "node:fs";

const DROPPED = new Set(["managedFields", "uid", "resourceVersion", "generation", "tolerations", "volumes", "volumeMounts", "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "lastTransitionTime", "lastHeartbeatTime", "lastProbeTime", "capacity", "allocatable", "nodeInfo", "kubectl.kubernetes.io/last-applied-configuration"]);
const { items } = JSON.parse(readFileSync(0, "utf8"));
const kept = items.filter(({ metadata: { namespace } }) => !namespace || ["golden", "default"].includes(namespace));
console.log(`[\n${kept.map((item) => JSON.stringify(item, (key, value) => (DROPPED.has(key) ? undefined : value))).join(",\n")}\n]`);
