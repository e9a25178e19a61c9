import type { ControlPlane } from "../mesh/controlPlane";
import type { Topology, TopologyGateway, TopologyRoute, TopologyService, TopologyWorkload } from "../mesh/topology";
import { fit, html, type Markup } from "./html";
import { arrowDown, arrowRight, box, type Drawing, frame, pill, stack, text } from "./shapes";

export interface TopologyPicture {
    readonly topology: Topology;
    readonly controlPlanes: readonly ControlPlane[];
}

const WORKLOAD = 44;
const GAP = 8;

/** From left to right: node ports, gateways, routes, Services, workloads; below, the control plane and its addons. */
export function wideTopology({ topology, controlPlanes }: TopologyPicture): Markup {
    const width = 1116;
    const x = { portal: 1, gateway: 106, route: 350, service: 588, workload: 826 };
    const w = { portal: 74, gateway: 212, route: 206, service: 206, workload: 274 };
    const services = orderServices(topology);
    const top = 46;

    // Services first: they decide how high the picture is.
    const places = new Map<string, { y: number; height: number }>();
    let y = top;
    for (const service of services) {
        const height = Math.max(58, service.workloads.length * (WORKLOAD + GAP) - GAP);
        places.set(keyOf(service), { y, height });
        y += height + 14;
    }
    const left = stack(
        topology.gateways.map((gateway) => ({ gateway, height: gatewayHeight(gateway) })),
        top,
    );
    const meshBottom = Math.max(y, left.bottom + 14, top + 60);
    const mesh: Markup[] = [];
    for (const {
        item: { gateway, height },
        y: at,
    } of left.placed) {
        const middle = at + height / 2;
        const nodePorts = (gateway.service?.ports ?? []).flatMap(({ nodePort }) =>
            nodePort === undefined ? [] : [String(nodePort)],
        );
        if (nodePorts.length > 0)
            mesh.push(
                portal(x.portal, middle, w.portal, nodePorts),
                arrowRight(x.portal + w.portal, middle, x.gateway, middle),
            );
        mesh.push(gatewayBox(gateway, x.gateway, at, w.gateway, height));
        const routes = stack(
            gateway.routes.map((route) => ({ route, height: routeHeight(route) })),
            at,
        );
        for (const {
            item: { route, height: tall },
            y: routeAt,
        } of routes.placed) {
            mesh.push(
                routeBox(route, x.route, routeAt, w.route, tall),
                arrowRight(x.gateway + w.gateway, middle, x.route, routeAt + tall / 2),
            );
            for (const backend of new Set(route.backends.map(({ service }) => service))) {
                const place = places.get(backend);
                if (place)
                    mesh.push(arrowRight(x.route + w.route, routeAt + tall / 2, x.service, place.y + place.height / 2));
            }
        }
    }
    for (const service of services) {
        const { y: at, height } = places.get(keyOf(service))!;
        mesh.push(serviceBox(service, x.service, at + height / 2 - 29, w.service));
        service.workloads.forEach((workload, index) => {
            const workloadAt =
                at + (height - (service.workloads.length * (WORKLOAD + GAP) - GAP)) / 2 + index * (WORKLOAD + GAP);
            mesh.push(
                arrowRight(x.service + w.service, at + height / 2, x.workload, workloadAt + WORKLOAD / 2),
                workloadBox(workload, x.workload, workloadAt, w.workload),
            );
        });
    }
    const names = [...new Set([...topology.gateways, ...services].map(({ namespace }) => namespace))];
    const parts = names.length === 0 ? [] : [frame(91, 8, width - 92, meshBottom - 8, names.join(", ")), ...mesh];
    const from = names.length === 0 ? 8 : meshBottom + 14;
    const plane = planeBand(topology, controlPlanes, { x: 91, y: from, width: width - 92, tile: 191 });
    return picture("wide", width, plane.bottom + 2, [...parts, ...plane.parts]);
}

/** From top to bottom, for a phone: the same boxes, workloads inside their Service's. */
export function narrowTopology({ topology, controlPlanes }: TopologyPicture): Markup {
    const width = 340;
    const inner = width - 28;
    const parts: Markup[] = [];
    const names = [...new Set([...topology.gateways, ...topology.services].map(({ namespace }) => namespace))];
    let y = 46;
    for (const gateway of topology.gateways) {
        const nodePorts = (gateway.service?.ports ?? []).flatMap(({ nodePort }) =>
            nodePort === undefined ? [] : [String(nodePort)],
        );
        if (nodePorts.length > 0) {
            parts.push(
                pill(width / 2, y + 12, nodePorts.map((port) => `:${port}`).join("  ")),
                arrowDown(width / 2, y + 24, y + 42),
            );
            y += 42;
        }
        const height = gatewayHeight(gateway);
        parts.push(gatewayBox(gateway, 14, y, inner, height));
        y += height;
        for (const route of gateway.routes) {
            const tall = routeHeight(route);
            parts.push(arrowDown(width / 2, y, y + 18), routeBox(route, 14, y + 18, inner, tall));
            y += 18 + tall;
        }
        if (gateway.routes.length > 0) parts.push(arrowDown(width / 2, y, y + 18));
        y += 18;
    }
    for (const service of orderServices(topology)) {
        const height = 58 + service.workloads.length * (WORKLOAD + 6) + (service.workloads.length > 0 ? 6 : 0);
        parts.push(serviceBox(service, 14, y, inner, height));
        service.workloads.forEach((workload, index) =>
            parts.push(workloadBox(workload, 24, y + 58 + index * (WORKLOAD + 6), inner - 20)),
        );
        y += height + 12;
    }
    const framed = names.length === 0 ? [] : [frame(1, 8, width - 2, y - 6, names.join(", ")), ...parts];
    const plane = planeBand(topology, controlPlanes, {
        x: 1,
        y: names.length === 0 ? 8 : y + 14,
        width: width - 2,
        tile: (inner - 10) / 2,
    });
    return picture("narrow", width, plane.bottom + 2, [...framed, ...plane.parts]);
}

function picture(className: string, width: number, height: number, parts: readonly Markup[]): Markup {
    return html`<svg class="${className}" viewBox="0 0 ${width} ${Math.ceil(height)}" role="img" aria-label="What leads to what in the mesh">${parts}</svg>`;
}

/** Services that a route leads to come first, so that the way in is a straight line. */
function orderServices({ gateways, services }: Topology): TopologyService[] {
    const routed = new Set(
        gateways.flatMap(({ routes }) => routes.flatMap(({ backends }) => backends.map(({ service }) => service))),
    );
    return [
        ...services.filter((service) => routed.has(keyOf(service))),
        ...services.filter((service) => !routed.has(keyOf(service))),
    ];
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

function portal(x: number, middle: number, width: number, ports: readonly string[]): Markup {
    const height = 20 + ports.length * 18;
    return html`<g><rect class="portal" x="${x}" y="${middle - height / 2}" width="${width}" height="${height}" rx="9"/>${text("portaltext", x + width / 2, middle - height / 2 + 18, "node port", "middle")}${ports.map((port, at) => text("portaltext", x + width / 2, middle - height / 2 + 35 + at * 17, port, "middle"))}</g>`;
}

const gatewayHeight = ({ listeners, service }: TopologyGateway) => 66 + listeners.length * 16 + (service ? 16 : 0);

function gatewayBox(
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

const routeHeight = ({ matches, accepted }: TopologyRoute) =>
    50 + Math.min(matches.length, 5) * 16 + (matches.length > 5 ? 16 : 0) + (accepted ? 0 : 16);

function routeBox(
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

function serviceBox(service: TopologyService, x: number, y: number, width: number, height = 58): Markup {
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

function workloadBox(
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
    return html`<g class="${wrong ? "wrong" : ""}"><title>${kind} ${name}</title><rect class="box" x="${x}" y="${y}" width="${width}" height="${WORKLOAD}" rx="7"/>${text("name", x + 11, y + 18, fit(name, Math.floor((width - 30 - tagWidth) / 7.2)))}${text(said[0], x + 11, y + 34, said[1])}${tag !== "" && html`<rect class="tag" x="${x + width - tagWidth - 9}" y="${y + 9}" width="${tagWidth}" height="18" rx="9"/>${text("tagtext", x + width - tagWidth / 2 - 9, y + 22, tag, "middle")}`}</g>`;
}

/** The control planes and the Services beside them, as tiles. */
function planeBand(
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
