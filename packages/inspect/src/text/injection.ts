import type { InjectionReport, PodInjection } from "../mesh/injection";
import { type Cell, type Style, table } from "./table";

/** Injection as tables: control planes, namespaces, pods. */
export function injectionText({ controlPlanes, namespaces, pods }: InjectionReport, style: Style): string {
    const planes = table(
        ["CONTROL PLANE", "REVISION", "VERSION", "READY", "IMAGE"],
        controlPlanes.map(({ namespace, name, revision, version, ready, image }) => [
            `${namespace}/${name}`,
            revision,
            version ?? "unknown",
            yes(ready, style),
            image,
        ]),
        style,
    );
    const spaces = table(
        ["NAMESPACE", "LABEL", "SIDECARS"],
        namespaces.map(({ name, label, expected, controlPlane }) => [
            name,
            label ?? (expected ? { text: "none", paint: style.bad } : "none"),
            expected ? "expected" : controlPlane ? "control plane's own" : "not asked for",
        ]),
        style,
    );
    const rows = pods.map((pod): Cell[] => [
        pod.namespace,
        pod.pod,
        { text: pod.readyContainers, paint: pod.ready ? style.good : style.bad },
        pod.initContainers.map(({ name }) => name).join(", "),
        pod.containers.map(({ name }) => name).join(", "),
        pod.proxyImage ?? "",
        proxyCell(pod, style),
    ]);
    const parts = [
        controlPlanes.length > 0 ? planes : "",
        namespaces.length > 0 ? spaces : "",
        pods.length > 0
            ? table(["NAMESPACE", "POD", "READY", "INIT CONTAINERS", "CONTAINERS", "PROXY IMAGE", "PROXY"], rows, style)
            : "",
    ];
    return parts.filter((part) => part !== "").join("\n\n");
}

function proxyCell({ role, expected, proxyVersion, controlPlaneVersion, why }: PodInjection, style: Style): Cell {
    if (role === "sidecar" || role === "gateway") {
        const same = controlPlaneVersion === undefined || proxyVersion === controlPlaneVersion;
        return {
            text:
                `${role} ` +
                `${proxyVersion ?? "of unknown version"}${same ? "" : `, control plane ${controlPlaneVersion}`}`,
            paint: same ? style.good : style.bad,
        };
    }
    if (why !== undefined) return { text: `none: ${why}`, paint: style.bad };
    return { text: role === "plain" ? (expected ? "none" : "") : role, paint: style.faint };
}

const yes = (is: boolean, style: Style): Cell => ({ text: is ? "yes" : "no", paint: is ? style.good : style.bad });
