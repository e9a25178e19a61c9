import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { type Finding, listed, note, problem } from "../finding";
import { keyOf } from "../snapshot/snapshot";
import { type Explained, splitArguments } from "./arguments";
import { CAPTURE_OPTIONS, PROXY_PORTS } from "./meanings";
import { appContainers } from "./pods";

/** What an init container makes of the pod's traffic. */
export interface Capture {
    readonly container: string;
    readonly image: string;
    readonly arguments: readonly Explained[];
    readonly mode: string;
    /** Port of Envoy that takes what comes in, and what goes out. */
    readonly inboundPort: string;
    readonly outboundPort: string;
    /** The user whose connections are the proxy's own. */
    readonly user: string;
    /** Each as istio-iptables has it: `*` for all, else a list. */
    readonly inbound: {
        readonly captured: readonly string[];
        readonly excluded: readonly { readonly port: string; readonly meaning?: string }[];
    };
    readonly outbound: {
        readonly captured: readonly string[];
        readonly excludedAddresses: readonly string[];
        readonly excludedPorts: readonly string[];
    };
    readonly capabilities: { readonly added: readonly string[]; readonly dropped: readonly string[] };
    readonly runsAs?: number;
}

const NEEDED_CAPABILITIES = ["NET_ADMIN", "NET_RAW"];
/** Names of the init containers that make the rules, or check those that the CNI plugin made. */
const INIT_CONTAINERS = ["istio-init", "istio-validation"];
/** Health checks and metrics must not go through Envoy's own listeners. */
const NEVER_CAPTURED = ["15090", "15021", "15020"];

/** Reads istio-init's arguments; `undefined` where the pod has no such container. */
export function readCapture(pod: V1Pod): Capture | undefined {
    const container = pod.spec?.initContainers?.find(({ name }) => INIT_CONTAINERS.includes(name));
    if (!container) return undefined;
    const words = (container.args ?? []).filter((argument) => argument !== "istio-iptables");
    const given = splitArguments(words, (name) => optionOf(name)?.flag === true);
    const value = (short: string, otherwise = "") =>
        given.findLast(({ argument }) => argument === short || argument === CAPTURE_OPTIONS[short]!.long)?.value ??
        otherwise;
    return {
        container: container.name,
        image: container.image ?? "",
        arguments: given.map((each) => ({ ...each, meaning: optionOf(each.argument)?.meaning })),
        mode: value("-m", "REDIRECT"),
        inboundPort: value("-z", "15006"),
        outboundPort: value("-p", "15001"),
        user: value("-u", "1337"),
        inbound: {
            captured: list(value("-b")),
            excluded: list(value("-d")).map((port) => ({ port, meaning: PROXY_PORTS[Number(port)] })),
        },
        outbound: {
            captured: list(value("-i")),
            excludedAddresses: list(value("-x")),
            excludedPorts: list(value("-o")),
        },
        capabilities: capabilitiesOf(container),
        ...runsAs(container, pod),
    };
}

const optionOf = (name: string) =>
    CAPTURE_OPTIONS[name] ?? Object.values(CAPTURE_OPTIONS).find(({ long }) => long === name);
const list = (text: string) =>
    text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");

export const capabilitiesOf = ({ securityContext }: V1Container): Capture["capabilities"] => ({
    added: securityContext?.capabilities?.add ?? [],
    dropped: securityContext?.capabilities?.drop ?? [],
});

/** The container's user, else the pod's. */
export function runsAs(container: V1Container, pod: V1Pod): { runsAs?: number } {
    const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
    return user === undefined ? {} : { runsAs: user };
}

/** What is wrong with the capture of a sidecar's pod. */
export function checkCapture(pod: V1Pod, capture: Capture | undefined, proxyUser: number | undefined): Finding[] {
    const key = keyOf(pod);
    if (!capture) {
        return [
            problem(
                "proxy/no-capture",
                key,
                `The pod ${key} has a proxy but neither istio-init nor istio-validation, so nothing captures its ` +
                    "traffic; recreate it, so that it is injected as a whole.",
            ),
        ];
    }
    const findings: Finding[] = [];
    const lacking = NEEDED_CAPABILITIES.filter((name) => !capture.capabilities.added.includes(name));
    if (capture.container === "istio-init" && lacking.length > 0) {
        findings.push(
            problem(
                "proxy/capabilities",
                key,
                `The container istio-init of ${key} lacks the capabilities ${listed(lacking)}, without which it ` +
                    "cannot write rules; use the injection template of its control plane, or the CNI plugin.",
            ),
        );
    }
    if (proxyUser !== undefined && String(proxyUser) !== capture.user) {
        findings.push(
            problem(
                "proxy/user",
                key,
                `istio-init of ${key} leaves the user ${capture.user} alone, but istio-proxy runs as ` +
                    `${proxyUser}, so the proxy's own connections are captured again and again; set both to the same ` +
                    "user.",
            ),
        );
    }
    const captured = NEVER_CAPTURED.filter(
        (port) =>
            capture.inbound.captured.includes("*") && !capture.inbound.excluded.some((each) => each.port === port),
    );
    if (captured.length > 0) {
        findings.push(
            problem(
                "proxy/captured-port",
                key,
                `istio-init of ${key} captures the proxy's own ${captured.length === 1 ? "port" : "ports"} ` +
                    `${listed(captured)}, so health checks and metrics fail; exclude ` +
                    `${captured.length === 1 ? "it" : "them"} (-d).`,
            ),
        );
    }
    return [...findings, ...uncaptured(pod, key, capture)];
}

/** Ports of the pod's own containers that Envoy does not see. */
function uncaptured(pod: V1Pod, key: string, { inbound, outbound }: Capture): Finding[] {
    const ports = appContainers(pod).flatMap((container) =>
        (container.ports ?? []).map(({ containerPort }) => String(containerPort)),
    );
    const passed = ports.filter(
        (port) =>
            inbound.excluded.some((each) => each.port === port) ||
            !(inbound.captured.includes("*") || inbound.captured.includes(port)),
    );
    const findings: Finding[] = [];
    if (passed.length > 0) {
        findings.push(
            note(
                "proxy/uncaptured-port",
                key,
                `Connections to ${passed.length === 1 ? "port" : "ports"} ${listed(passed)} of ${key} go past ` +
                    "its proxy, as its pod is set up, so neither mTLS nor policies hold there.",
            ),
        );
    }
    if (outbound.captured.length === 0) {
        findings.push(
            note(
                "proxy/no-outbound",
                key,
                `Outbound connections of ${key} go past its proxy: no addresses are captured (-i).`,
            ),
        );
    }
    return findings;
}
