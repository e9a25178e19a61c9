import type { V1Container, V1EnvVar, V1Pod, V1Probe, V1Volume } from "@kubernetes/client-node";
import { type Finding, note } from "../finding";
import { keyOf } from "../snapshot/snapshot";
import { expand, type Explained, splitArguments } from "./arguments";
import { capabilitiesOf, type Capture, checkCapture, readCapture, runsAs } from "./capture";
import { PROXY_COMMANDS, PROXY_ENV, PROXY_MOUNTS, PROXY_OPTIONS } from "./meanings";
import { appContainers, type PodRole, podRole, proxyOf } from "./pods";

export interface ProxyEnv {
    readonly name: string;
    /** Empty where it comes from elsewhere and is not known; masked where its name says that it is secret. */
    readonly value: string;
    /** Where it comes from, such as `field status.podIP`. */
    readonly from?: string;
    readonly meaning?: string;
}

export interface ProxyMount {
    readonly path: string;
    readonly volume: string;
    /** What the volume is, such as `token for istio-ca, 12 h`. */
    readonly source: string;
    readonly readOnly: boolean;
    readonly meaning?: string;
}

/** istio-init and istio-proxy of one pod. */
export interface ProxyReport {
    readonly namespace: string;
    readonly pod: string;
    readonly role: PodRole;
    readonly capture?: Capture;
    readonly proxy: {
        readonly image: string;
        readonly arguments: readonly Explained[];
        /** The value of `--domain`, expanded. */
        readonly domain?: string;
        readonly env: readonly ProxyEnv[];
        readonly probes: readonly { readonly kind: string; readonly what: string; readonly when: string }[];
        readonly ports: readonly { readonly port: number; readonly name?: string }[];
        readonly mounts: readonly ProxyMount[];
        readonly capabilities: Capture["capabilities"];
        readonly runsAs?: number;
        readonly readOnlyRoot: boolean;
    };
    readonly findings: readonly Finding[];
}

const SECRET = /TOKEN|PASSW|SECRET|CREDENTIAL|PRIVATE|API_?KEY/i;

/** Explains a pod's proxy; `undefined` where it has none. */
export function inspectProxy(pod: V1Pod): ProxyReport | undefined {
    const container = proxyOf(pod);
    if (!container) return undefined;
    const env = (container.env ?? []).map((each) => describeEnv(each, container, pod));
    const values = Object.fromEntries(
        env.map(({ name, value, from }) => [name, from !== undefined && value === "" ? undefined : value]),
    );
    const explained = splitArguments(container.args ?? [], () => false).map((each) => ({
        ...each,
        meaning:
            each.value === undefined && PROXY_COMMANDS[each.argument]
                ? PROXY_COMMANDS[each.argument]
                : PROXY_OPTIONS[each.argument],
    }));
    const domain = explained.find(({ argument }) => argument === "--domain")?.value;
    const role = podRole(pod);
    const capture = readCapture(pod);
    const user = runsAs(container, pod);
    const findings =
        role === "sidecar"
            ? [...checkCapture(pod, capture, user.runsAs), ...checkPorts(pod, values.ISTIO_META_POD_PORTS)]
            : [];
    return {
        namespace: pod.metadata?.namespace ?? "",
        pod: pod.metadata?.name ?? "",
        role,
        ...(capture && { capture }),
        proxy: {
            image: container.image ?? "",
            arguments: explained,
            ...(domain !== undefined && { domain: expand(domain, values) }),
            env,
            probes: probesOf(container),
            ports: (container.ports ?? []).map(({ containerPort, name }) => ({ port: containerPort, name })),
            mounts: (container.volumeMounts ?? []).map(({ mountPath, name, readOnly }) => ({
                path: mountPath,
                volume: name,
                source: describeVolume(pod.spec?.volumes?.find((volume) => volume.name === name)),
                readOnly: readOnly ?? false,
                meaning: PROXY_MOUNTS[mountPath],
            })),
            capabilities: capabilitiesOf(container),
            ...user,
            readOnlyRoot: container.securityContext?.readOnlyRootFilesystem ?? false,
        },
        findings,
    };
}

/** The agent learns the pod's ports at injection; a container that another webhook added later is missing there. */
function checkPorts(pod: V1Pod, text: string | undefined): Finding[] {
    const declared = appContainers(pod).flatMap(({ ports }) => (ports ?? []).map(({ containerPort }) => containerPort));
    let known: number[];
    try {
        known =
            (JSON.parse(text ?? "null") as { containerPort: number }[] | null)?.map(
                ({ containerPort }) => containerPort,
            ) ?? declared;
    } catch {
        return [note("proxy/pod-ports", keyOf(pod), `ISTIO_META_POD_PORTS of ${keyOf(pod)} is no list of ports.`)];
    }
    const missing = declared.filter((port) => !known.includes(port));
    return missing.length === 0
        ? []
        : [
              note(
                  "proxy/pod-ports",
                  keyOf(pod),
                  `The proxy of ${keyOf(pod)} was not told of ${missing.length === 1 ? "port" : "ports"} ` +
                      `${missing.join(", ")}, which its containers declare: another webhook changed the pod after ` +
                      "the injection.",
              ),
          ];
}

function describeEnv({ name, value, valueFrom }: V1EnvVar, container: V1Container, pod: V1Pod): ProxyEnv {
    const meaning = PROXY_ENV[name];
    const known = { name, ...(meaning !== undefined && { meaning }) };
    if (valueFrom?.fieldRef)
        return {
            ...known,
            value: fieldOf(pod, valueFrom.fieldRef.fieldPath),
            from: `field ${valueFrom.fieldRef.fieldPath}`,
        };
    if (valueFrom?.resourceFieldRef) {
        const { resource } = valueFrom.resourceFieldRef;
        return { ...known, value: limitOf(container, resource), from: `resource ${resource}` };
    }
    if (valueFrom?.secretKeyRef)
        return { ...known, value: "", from: `secret ${valueFrom.secretKeyRef.name} ${valueFrom.secretKeyRef.key}` };
    if (valueFrom?.configMapKeyRef)
        return {
            ...known,
            value: "",
            from: `config map ${valueFrom.configMapKeyRef.name} ${valueFrom.configMapKeyRef.key}`,
        };
    return { ...known, value: value !== undefined && value !== "" && SECRET.test(name) ? "(hidden)" : (value ?? "") };
}

/** The fields that the downward API gives. */
function fieldOf(pod: V1Pod, path: string): string {
    const labelled = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
    if (labelled) return pod.metadata?.[labelled[1] as "labels" | "annotations"]?.[labelled[2]!] ?? "";
    const fields: Readonly<Record<string, string | undefined>> = {
        "metadata.name": pod.metadata?.name,
        "metadata.namespace": pod.metadata?.namespace,
        "metadata.uid": pod.metadata?.uid,
        "spec.nodeName": pod.spec?.nodeName,
        "spec.serviceAccountName": pod.spec?.serviceAccountName,
        "status.podIP": pod.status?.podIP,
        "status.hostIP": pod.status?.hostIP,
    };
    return fields[path] ?? "";
}

function limitOf({ resources }: V1Container, path: string): string {
    const [kind, resource] = path.split(".");
    return (kind === "limits" ? resources?.limits : resources?.requests)?.[resource ?? ""] ?? "";
}

function probesOf(container: V1Container): ProxyReport["proxy"]["probes"] {
    const probes: [string, V1Probe | undefined][] = [
        ["startup", container.startupProbe],
        ["readiness", container.readinessProbe],
        ["liveness", container.livenessProbe],
    ];
    return probes.flatMap(([kind, probe]) =>
        probe
            ? [
                  {
                      kind,
                      what: describeProbe(probe),
                      when:
                          `every ${probe.periodSeconds ?? 10} s, ${probe.timeoutSeconds ?? 1} s each, fails after ` +
                          `${probe.failureThreshold ?? 3}`,
                  },
              ]
            : [],
    );
}

function describeProbe({ httpGet, tcpSocket, exec, grpc }: V1Probe): string {
    if (httpGet) return `${httpGet.scheme ?? "HTTP"} GET ${httpGet.path ?? "/"} on port ${httpGet.port}`;
    if (tcpSocket) return `TCP on port ${tcpSocket.port}`;
    if (grpc) return `gRPC on port ${grpc.port}`;
    return `runs ${exec?.command?.join(" ") ?? "nothing"}`;
}

function describeVolume(volume: V1Volume | undefined): string {
    if (!volume) return "no such volume";
    if (volume.emptyDir) return volume.emptyDir.medium === "Memory" ? "empty, in memory" : "empty";
    if (volume.configMap) return `config map ${volume.configMap.name}`;
    if (volume.secret) return `secret ${volume.secret.secretName}`;
    if (volume.downwardAPI)
        return `the pod's ${(volume.downwardAPI.items ?? []).map(({ path }) => path).join(" and ")}`;
    if (volume.hostPath) return `the node's ${volume.hostPath.path}`;
    if (volume.projected) {
        const token = volume.projected.sources?.find(
            ({ serviceAccountToken }) => serviceAccountToken,
        )?.serviceAccountToken;
        const seconds = token?.expirationSeconds ?? 3600;
        return token
            ? `token for ${token.audience ?? "the API server"}, ` +
                  `${seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`}`
            : "projected";
    }
    return Object.keys(volume).find((key) => key !== "name") ?? "unknown";
}
