import type { ControlPlane } from "../mesh/controlPlane";
import type { Topology, TopologyService } from "../mesh/topology";
import { html, type Markup } from "./html";
import { arrowDown, arrowRight, frame, pill, stack } from "./shapes";
import {
    gatewayBox,
    gatewayHeight,
    planeBand,
    portal,
    routeBox,
    routeHeight,
    serviceBox,
    WORKLOAD,
    workloadBox,
} from "./topologyBoxes";

export interface TopologyPicture {
    readonly topology: Topology;
    readonly controlPlanes: readonly ControlPlane[];
}

/** Between two workloads of a Service. */
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
    const size = `0 0 ${width} ${Math.ceil(height)}`;
    const label = "What leads to what in the mesh";
    return html`<svg class="${className}" viewBox="${size}" role="img" aria-label="${label}">${parts}</svg>`;
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
