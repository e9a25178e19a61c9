import type { ControlPlane } from "../mesh/controlPlane";
import type { Topology, TopologyGateway, TopologyRoute, TopologyService, TopologyWorkload } from "../mesh/topology";
import { fit, html, type Markup } from "./html";
import { box, type Drawing, frame, rectangle, text } from "./shapes";

/** How high a workload's box is. */
export const WORKLOAD = 44;

/** The node ports that lead to a Gateway. */
export function portal(x: number, middle: number, width: number, ports: readonly string[]): Markup {
    const height = 20 + ports.length * 18;
    const top = middle - height / 2;
    const line = (y: number, content: string) => text("portaltext", x + width / 2, top + y, content, "middle");
    return html`
        <g>
            ${rectangle("portal", { x, y: top, width, height }, 9)}
            ${line(18, "node port")}
            ${ports.map((port, at) => line(35 + at * 17, port))}
        </g>
    `;
}

export const gatewayHeight = ({ listeners, service }: TopologyGateway) =>
    66 + listeners.length * 16 + (service ? 16 : 0);

export function gatewayBox(
    { name, className, listeners, service, programmed }: TopologyGateway,
    x: number,
    y: number,
    width: number,
    height: number,
): Markup {
    const lines: Drawing[] = [
        ...listeners.map((listener): Drawing => ["info", `${listener.name}: ${listener.protocol} ${listener.port}`]),
        ...(service ? [["info", `${service.name}, ${service.type}`] as Drawing] : []),
        programmed ? ["ok", `Programmed, class ${className}`] : ["notok", "not programmed"],
    ];
    return box({ x, y, width, height, kind: "GATEWAY", name, lines, wrong: !programmed });
}

export const routeHeight = ({ matches, accepted }: TopologyRoute) =>
    50 + Math.min(matches.length, 5) * 16 + (matches.length > 5 ? 16 : 0) + (accepted ? 0 : 16);

export function routeBox(
    { name, matches, accepted }: TopologyRoute,
    x: number,
    y: number,
    width: number,
    height: number,
): Markup {
    const shown = matches.slice(0, 5).map((match): Drawing => ["info", match]);
    const lines: Drawing[] = [
        ...shown,
        ...(matches.length > 5 ? [["info", `and ${matches.length - 5} more`] as Drawing] : []),
        ...(accepted ? [] : [["notok", "not accepted"] as Drawing]),
    ];
    return box({ x, y, width, height, kind: "HTTPROUTE", name, lines, wrong: !accepted });
}

export function serviceBox(service: TopologyService, x: number, y: number, width: number, height = 58): Markup {
    const ports = service.ports.map(({ name, port }) => `${name} ${port}`.trim()).join(", ");
    const nothing = service.workloads.length === 0;
    return box({
        x,
        y,
        width,
        height,
        kind: service.headless ? "HEADLESS SERVICE" : `SERVICE ${service.type}`,
        name: service.name,
        lines: [nothing ? ["notok", "selects no pod"] : ["info", ports]],
        wrong: nothing,
    });
}

export function workloadBox(
    { name, version, proxied, pods, ready, kind }: TopologyWorkload,
    x: number,
    y: number,
    width: number,
): Markup {
    const wrong = ready < pods || !proxied;
    const said: Drawing =
        ready < pods
            ? ["notok", `${ready} of ${pods} ready`]
            : proxied
              ? ["ok", `${pods === 1 ? "1 pod" : `${pods} pods`} ready, with sidecar`]
              : ["notok", "no sidecar"];
    const tag = fit(version ?? "", 10);
    const tagWidth = tag.length * 6.6 + 14;
    const tagLeft = x + width - tagWidth - 9;
    const tagBox = { x: tagLeft, y: y + 9, width: tagWidth, height: 18 };
    return html`
        <g class="${wrong ? "wrong" : ""}">
            <title>${kind} ${name}</title>
            ${rectangle("box", { x, y, width, height: WORKLOAD }, 7)}
            ${text("name", x + 11, y + 18, fit(name, Math.floor((width - 30 - tagWidth) / 7.2)))}
            ${text(said[0], x + 11, y + 34, said[1])}
            ${
                tag !== "" && [
                    rectangle("tag", tagBox, 9),
                    text("tagtext", tagLeft + tagWidth / 2, y + 22, tag, "middle"),
                ]
            }
        </g>
    `;
}

/** The control planes and the Services beside them, as tiles. */
export function planeBand(
    { addons }: Topology,
    planes: readonly ControlPlane[],
    { x, y, width, tile }: { x: number; y: number; width: number; tile: number },
): { parts: Markup[]; bottom: number } {
    const others = addons.filter(({ name }) => !planes.some((plane) => plane.name === name));
    if (planes.length === 0 && others.length === 0) return { parts: [], bottom: y };
    const gap = 10;
    const height = 60;
    const perRow = Math.max(1, Math.floor((width - 26 + gap) / (tile + gap)));
    const place = (index: number) => ({
        x: x + 13 + (index % perRow) * (tile + gap),
        y: y + 36 + Math.floor(index / perRow) * (height + gap),
        width: tile,
        height,
    });
    const tiles = [
        ...planes.map(({ name, version, ready }, index) =>
            box({
                ...place(index),
                kind: "CONTROL PLANE",
                name,
                lines: [ready ? ["ok", `${version ?? "unknown version"}, ready`] : ["notok", "not ready"]],
                wrong: !ready,
            }),
        ),
        ...others.map((service, at) => {
            const nothing = service.workloads.length === 0;
            const unready = service.workloads.some(({ pods, ready }) => ready < pods);
            const nodePorts = service.ports
                .filter(({ nodePort }) => nodePort)
                .map(({ nodePort }) => nodePort)
                .join(", ");
            const said: Drawing = nothing
                ? ["notok", "selects no pod"]
                : unready
                  ? ["notok", "not ready"]
                  : [
                        "info",
                        nodePorts === "" ? service.ports.map(({ port }) => port).join(", ") : `node ports ${nodePorts}`,
                    ];
            return box({
                ...place(planes.length + at),
                kind: service.headless ? "HEADLESS SERVICE" : `SERVICE ${service.type}`,
                name: service.name,
                lines: [said],
                wrong: nothing || unready,
            });
        }),
    ];
    const rows = Math.ceil(tiles.length / perRow);
    const bottom = y + 36 + rows * (height + gap) + 4;
    const names = [...new Set([...planes, ...addons].map(({ namespace }) => namespace))];
    return { parts: [html`<g class="plane">${frame(x, y, width, bottom - y, names.join(", "))}${tiles}</g>`], bottom };
}
