import type { KubeObject } from "../objects";
import type { StackRule } from "../rule";
import { at, listAt, textAt } from "../values";

export const plaintextListeners: StackRule = {
    name: "plaintext-listeners",
    description: "Gateways listen for HTTPS.",
    // Whether a load balancer in front of the gateway ends TLS is not to be seen in the stack.
    production: [],
    judgeAll: (objects) =>
        objects.flatMap((object) =>
            plaintextIn(object, objects).map((listener) => ({
                object,
                complaint:
                    `${object.title} takes plain HTTP by ${listener}, which anybody between caller and gateway can read ` +
                    "and change; allowed: HTTPS, and HTTP that is but redirected to HTTPS. Add a listener with a " +
                    "certificate and redirect this one, or end TLS in front of the gateway.",
            })),
        ),
};

/** Protocols of Istio's Gateway that are HTTP without TLS. */
const PLAIN = ["HTTP", "HTTP2", "GRPC", "GRPC-WEB"];

function plaintextIn(object: KubeObject, objects: readonly KubeObject[]): string[] {
    const { group, kind, fields } = object;
    if (kind !== "Gateway") return [];
    if (group === "networking.istio.io") {
        return listAt(fields, "spec", "servers")
            .filter((server) => PLAIN.includes(textAt(server, "port", "protocol")?.toUpperCase() ?? ""))
            .filter((server) => at(server, "tls", "httpsRedirect") !== true)
            .map((server) => `server ${described(at(server, "port"), "number")}`);
    }
    if (group !== "gateway.networking.k8s.io") return [];
    return listAt(fields, "spec", "listeners")
        .filter((listener) => textAt(listener, "protocol") === "HTTP")
        .filter((listener) => !isRedirected(textAt(listener, "name"), routesOf(object, objects)))
        .map((listener) => `listener ${described(listener, "port")}`);
}

/** Such as `http (port 80)`. */
function described(port: unknown, number: string): string {
    const of = at(port, number);
    return `${textAt(port, "name") ?? "?"} (port ${typeof of === "number" ? of : "?"})`;
}

interface Attached {
    readonly route: KubeObject;
    /** The listener that it names; without one it is all of them. */
    readonly section?: string;
}

function routesOf(gateway: KubeObject, objects: readonly KubeObject[]): Attached[] {
    return objects
        .filter(({ group, kind }) => group === gateway.group && kind === "HTTPRoute")
        .flatMap((route) =>
            listAt(route.fields, "spec", "parentRefs")
                .filter((parent) => textAt(parent, "name") === gateway.name)
                .filter((parent) => (textAt(parent, "namespace") ?? route.namespace) === gateway.namespace)
                .map((parent) => ({ route, section: textAt(parent, "sectionName") })),
        );
}

/** Whether all that a listener does with requests is to send them to HTTPS, as far as this stack's routes say. */
function isRedirected(listener: string | undefined, attached: readonly Attached[]): boolean {
    const rules = attached
        .filter(({ section }) => section === undefined || section === listener)
        .flatMap(({ route }) => listAt(route.fields, "spec", "rules"));
    return (
        rules.length > 0 &&
        rules.every((rule) =>
            listAt(rule, "filters").some(
                (filter) =>
                    textAt(filter, "type") === "RequestRedirect" &&
                    textAt(filter, "requestRedirect", "scheme") === "https",
            ),
        )
    );
}
