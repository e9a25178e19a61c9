import { cpus, totalmem } from "node:os";
import type {
    V1Container,
    V1EnvVar,
    V1ObjectFieldSelector,
    V1Pod,
    V1ResourceFieldSelector,
} from "@kubernetes/client-node";

/** Keys and values of a ConfigMap or Secret (decoded), or undefined if it does not exist. */
export type Lookup = (
    kind: "ConfigMap" | "Secret",
    name: string,
) => Promise<Readonly<Record<string, string>> | undefined>;

/** A required ConfigMap, Secret or key of one does not exist (yet): the container must wait. */
export class MissingReference extends Error {
    override readonly name = "MissingReference";
}

/** The machine that the pod runs on, for resource fields without a limit. */
const MACHINE = { cpu: cpus().length, memory: totalmem() };

/**
 * The environment of a container as a kubelet would make it.
 * @param base what is set before the pod's own variables, such as the API server's address.
 * @throws MissingReference if something that it requires does not exist.
 */
export async function containerEnvironment(
    pod: V1Pod,
    container: V1Container,
    lookup: Lookup,
    base: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
    const env: Record<string, string> = { ...base };
    for (const source of container.envFrom ?? []) {
        const reference = source.configMapRef ?? source.secretRef;
        const kind = source.configMapRef ? "ConfigMap" : "Secret";
        const data = await lookup(kind, reference?.name ?? "");
        if (!data && !reference?.optional) throw new MissingReference(`${kind} "${reference?.name}" not found`);
        for (const [key, value] of Object.entries(data ?? {})) env[`${source.prefix ?? ""}${key}`] = value;
    }
    for (const variable of container.env ?? []) {
        const value = await valueOf(pod, container, variable, lookup, env);
        if (value !== undefined) env[variable.name] = value;
    }
    return env;
}

async function valueOf(
    pod: V1Pod,
    container: V1Container,
    variable: V1EnvVar,
    lookup: Lookup,
    env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
    const from = variable.valueFrom;
    if (!from) return expand(variable.value ?? "", env);
    if (from.fieldRef) return podField(pod, from.fieldRef);
    if (from.resourceFieldRef) return resourceField(container, from.resourceFieldRef);
    const reference = from.configMapKeyRef ?? from.secretKeyRef;
    const kind = from.configMapKeyRef ? "ConfigMap" : "Secret";
    const value = (await lookup(kind, reference?.name ?? ""))?.[reference?.key ?? ""];
    if (value === undefined && !reference?.optional)
        throw new MissingReference(`key "${reference?.key}" of ${kind} "${reference?.name}" not found`);
    return value;
}

/** Replaces `$(NAME)` by known variables; `$$(NAME)` stands for `$(NAME)`, and an unknown name stays as it is. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
    return text.replace(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
        if (match === "$$") return "$";
        return name !== undefined && name in env ? (env[name] ?? "") : match;
    });
}

/** A field of the pod by its path, such as `metadata.name` or `metadata.labels['app']`; empty if it is not set. */
export function podField(pod: V1Pod, { fieldPath }: V1ObjectFieldSelector): string {
    const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
    if (subscript) return pod.metadata?.[subscript[1] as "labels" | "annotations"]?.[subscript[2] ?? ""] ?? "";
    if (fieldPath === "metadata.labels" || fieldPath === "metadata.annotations") {
        const entries = Object.entries(
            pod.metadata?.[fieldPath.slice("metadata.".length) as "labels" | "annotations"] ?? {},
        );
        return entries
            .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
            .sort()
            .join("\n");
    }
    if (fieldPath === "status.podIPs" || fieldPath === "status.hostIPs") {
        const ips = fieldPath === "status.podIPs" ? pod.status?.podIPs : pod.status?.hostIPs;
        return (ips ?? []).map(({ ip }) => ip).join(",");
    }
    const value = fieldPath
        .split(".")
        .reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], pod);
    return typeof value === "string" ? value : "";
}

const UNITS: Readonly<Record<string, number>> = {
    "": 1,
    m: 1e-3,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    P: 1e15,
    E: 1e18,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    Ti: 2 ** 40,
    Pi: 2 ** 50,
    Ei: 2 ** 60,
};

/** A Kubernetes quantity (`500m`, `128Mi`, `2e3`) as a number. */
export function quantity(text: string): number {
    const [, number = "", unit = ""] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(text) ?? [];
    const factor = UNITS[unit];
    if (number === "" || factor === undefined) throw new Error(`${JSON.stringify(text)} is no quantity`);
    return Number(number) * factor;
}

/** A resource field in units of its divisor, rounded up; a limit not set, or above the machine's, is the machine's. */
export function resourceField(container: V1Container, { resource, divisor }: V1ResourceFieldSelector): string {
    const [kind, name = ""] = resource.split(".") as ["limits" | "requests", string];
    const set = container.resources?.[kind]?.[name];
    const machine = MACHINE[name as keyof typeof MACHINE] ?? 0;
    const value = set === undefined ? (kind === "limits" ? machine : 0) : quantity(set);
    const capped = kind === "limits" && machine > 0 ? Math.min(value, machine) : value;
    return String(Math.ceil(capped / (quantity(String(divisor ?? "1")) || 1)));
}
