import * as pulumi from "@pulumi/pulumi";
import { parseDocument } from "yaml";
import { mapInput } from "./inputs";
import { changedConfig, CONFIG, type Manifest } from "./manifest";

/** Type of Kiali's Service. */
export const KialiServiceType = { NodePort: "NodePort", ClusterIP: "ClusterIP" } as const;
export type KialiServiceType = (typeof KialiServiceType)[keyof typeof KialiServiceType];

/** Who may do what in Kiali. */
export const KialiAccess = { anonymous: "anonymous", viewOnly: "view-only", token: "token" } as const;
export type KialiAccess = (typeof KialiAccess)[keyof typeof KialiAccess];

/** How Kiali is reached, and what it may do. */
export interface KialiArgs {
    /**
     * Type of its Service. With `NodePort` whoever reaches a node reaches Kiali.
     *
     * A change: in place; its node port goes or becomes another.
     * @default "ClusterIP"
     */
    serviceType?: pulumi.Input<KialiServiceType>;
    /**
     * Node port of its port 20001, inside the cluster's range; 0 lets Kubernetes choose.
     *
     * A change: in place.
     * @default 0
     */
    nodePort?: pulumi.Input<number>;
    /**
     * Who may do what: `anonymous`, anybody may change the mesh; `view-only`, anybody may look; `token`, whoever logs
     * in with a ServiceAccount's token, what that account may do.
     *
     * A change: restart of Kiali.
     * @default "anonymous", as upstream has it
     */
    access?: KialiAccess;
    /**
     * Whether it shows the traces of Jaeger.
     *
     * A change: restart of Kiali.
     * @default whether Jaeger is installed with it
     */
    tracing?: boolean;
}

/** What Kiali's objects are made from. */
interface KialiObjectsArgs extends KialiArgs {
    /**
     * Encrypts the sessions of those who logged in: 16, 24 or 32 characters.
     * @default upstream's, which everybody knows
     */
    signingKey?: pulumi.Input<string>;
}

/** Kiali's objects as upstream has them, exposed and restricted as asked for. */
export function kialiObjects(objects: readonly Manifest[], args: KialiObjectsArgs): Manifest[] {
    const { signingKey } = args;
    return changedConfig(objects, "kiali", (text) => changeConfig(text, args)).map((object) => {
        switch (object.kind) {
            case "Service":
                return expose(object, args);
            case "ConfigMap":
                return signingKey === undefined ? object : withKey(object, args, signingKey);
            case "ClusterRole":
                return (args.access ?? "anonymous") === "anonymous" ? object : readOnly(object);
            default:
                return object;
        }
    });
}

function withKey(configMap: Manifest, args: KialiArgs, signingKey: pulumi.Input<string>): Manifest {
    const data = configMap.data as Record<string, string>;
    const config = pulumi.output(signingKey).apply((key) => changeConfig(data[CONFIG] ?? "", args, key));
    return { ...configMap, data: { ...data, [CONFIG]: config } };
}

/** Declared with its type rather than patched afterwards: a second owner of the same field would conflict for ever. */
function expose(service: Manifest, { serviceType = "ClusterIP", nodePort = 0 }: KialiArgs): Manifest {
    const spec = service.spec as { ports: { name: string }[] };
    const fixed = mapInput(nodePort, (number) => number || undefined);
    const ports = spec.ports.map((port) =>
        fixed !== undefined && port.name === "http" ? { ...port, nodePort: fixed } : port,
    );
    return { ...service, spec: { ...spec, type: serviceType, ports } };
}

/** Keys, defaults and what they do: Kiali's config/config.go at v2.5.0 and v2.8.0. */
function changeConfig(text: string, { access, tracing }: KialiArgs, signingKey?: string): string {
    const config = parseDocument(text);
    const changes: [path: string[], value: unknown][] = [];
    if (tracing) {
        changes.push(
            [["external_services", "tracing", "enabled"], true],
            [["external_services", "tracing", "internal_url"], "http://tracing.istio-system:16685/jaeger"],
            [["external_services", "tracing", "use_grpc"], true],
        );
    }
    if (access === "view-only") changes.push([["deployment", "view_only_mode"], true]);
    if (access === "token") changes.push([["auth", "strategy"], "token"]);
    if (signingKey !== undefined) changes.push([["login_token", "signing_key"], signingKey]);
    for (const [path, value] of changes) config.setIn(path, value);
    return changes.length === 0 ? text : config.toString({ lineWidth: 0 });
}

const WRITING_VERBS = ["create", "delete", "patch"];

/**
 * The role without rights to change what it may read, as the chart's `role-viewer.yaml` has it: with a login, changes
 * are made by the user's own token. What can only be created (a review of a token, a forwarded port) changes nothing.
 */
function readOnly(role: Manifest): Manifest {
    const rules = (role.rules as { verbs: string[] }[]).map((rule) =>
        rule.verbs.includes("get")
            ? { ...rule, verbs: rule.verbs.filter((verb) => !WRITING_VERBS.includes(verb)) }
            : rule,
    );
    return { ...role, rules };
}
