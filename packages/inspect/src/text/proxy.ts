import type { Capture } from "../mesh/capture";
import type { ProxyReport } from "../mesh/proxy";
import { type Style, table } from "./table";

/** istio-init and istio-proxy of one pod, explained. */
export function proxyText({ namespace, pod, role, capture, proxy }: ProxyReport, style: Style): string {
    const args = (explained: Capture["arguments"]) =>
        table(
            ["ARGUMENT", "VALUE", "MEANING"],
            explained.map(({ argument, value, meaning }) => [
                argument,
                value === "" ? '""' : (value ?? ""),
                meaning ?? "",
            ]),
            style,
            "  ",
        );
    const head = (name: string, image: string, more: readonly string[]) =>
        `${style.strong(name)}  ${image}\n  ${more.filter((text) => text !== "").join(", ")}`;
    const security = (runsAs: number | undefined, { added, dropped }: Capture["capabilities"]) => [
        `user ${runsAs ?? "of the image"}`,
        added.length > 0 ? `capabilities ${added.join(", ")}` : "no added capabilities",
        dropped.length > 0 ? `${dropped.join(", ")} dropped` : "",
    ];
    const parts = [style.strong(`${namespace}/${pod}`) + `  ${role}`];
    if (capture) {
        const { inbound, outbound, inboundPort, outboundPort, mode, user } = capture;
        parts.push(
            head(capture.container, capture.image, security(capture.runsAs, capture.capabilities)),
            table(
                ["", "CAPTURED", "NOT CAPTURED", "TO"],
                [
                    [
                        "inbound",
                        ports(inbound.captured),
                        inbound.excluded
                            .map(({ port, meaning }) => (meaning ? `${port} (${meaning})` : port))
                            .join(", "),
                        `${inboundPort} by ${mode}`,
                    ],
                    [
                        "outbound",
                        addresses(outbound.captured),
                        [
                            ...outbound.excludedAddresses,
                            ...outbound.excludedPorts.map((port) => `port ${port}`),
                            `user ${user}`,
                        ].join(", "),
                        outboundPort,
                    ],
                ],
                style,
                "  ",
            ),
            args(capture.arguments),
        );
    }
    parts.push(
        head("istio-proxy", proxy.image, [
            ...security(proxy.runsAs, proxy.capabilities),
            proxy.readOnlyRoot ? "root read-only" : "",
            proxy.domain === undefined ? "" : `domain ${proxy.domain}`,
        ]),
        args(proxy.arguments),
        table(
            ["ENVIRONMENT", "VALUE", "FROM", "MEANING"],
            proxy.env.map(({ name, value, from, meaning }) => [
                name,
                value.replace(/\s+/g, " "),
                from ?? "",
                meaning ?? "",
            ]),
            style,
            "  ",
        ),
        table(
            ["PROBE", "WHAT", "WHEN"],
            proxy.probes.map(({ kind, what, when }) => [kind, what, when]),
            style,
            "  ",
        ),
        table(
            ["PORT", "NAME"],
            proxy.ports.map(({ port, name }) => [String(port), name ?? ""]),
            style,
            "  ",
        ),
        table(
            ["MOUNT", "VOLUME", "SOURCE", "", "MEANING"],
            proxy.mounts.map(({ path, volume, source, readOnly, meaning }) => [
                path,
                volume,
                source,
                readOnly ? "read-only" : "",
                meaning ?? "",
            ]),
            style,
            "  ",
        ),
    );
    return parts.filter((part) => part.trim() !== "").join("\n\n");
}

const ports = (captured: readonly string[]) =>
    captured.includes("*") ? "all ports" : captured.length === 0 ? "nothing" : captured.join(", ");
const addresses = (captured: readonly string[]) =>
    captured.includes("*") ? "all addresses" : captured.length === 0 ? "nothing" : captured.join(", ");
