import { parse } from "yaml";
import { type Finding, note } from "../finding";
import type { ClusterSnapshot, ConfigMaps } from "../snapshot/snapshot";
import type { Scope } from "./scope";

interface KialiConfig {
    readonly auth?: { readonly strategy?: string };
    readonly deployment?: { readonly view_only_mode?: boolean };
}

const kialiOf = (namespace: string) => `${namespace}/kiali`;

/** The ConfigMaps, as `namespace/name`, that hold the settings of a Kiali beside a control plane. */
export const kialiConfigs = ({ roots, namespaces }: Scope): string[] =>
    [...roots].filter((root) => namespaces.has(root)).map(kialiOf);

/** Notes a Kiali that lets whoever reaches a node change the mesh. */
export function checkKiali({ services }: ClusterSnapshot, scope: Scope, configMaps: ConfigMaps): Finding[] {
    return kialiConfigs(scope).flatMap((key): Finding[] => {
        const service = services.find(
            ({ metadata }) => kialiOf(metadata?.namespace ?? "") === key && metadata?.name === "kiali",
        );
        const type = service?.spec?.type;
        if (type !== "NodePort" && type !== "LoadBalancer") return [];
        const config = read(configMaps.get(key)?.["config.yaml"]);
        if (config?.auth?.strategy !== "anonymous" || config.deployment?.view_only_mode === true) return [];
        const reached = type === "NodePort" ? "a node's address" : "its load balancer";
        return [
            note(
                "kiali/anonymous",
                key,
                `Kiali ${key} asks nobody who they are and may change the mesh (auth.strategy anonymous, ` +
                    `view_only_mode false), and its Service is a ${type}: whoever reaches ${reached} may delete the ` +
                    "mesh's routes and policies; make the Service a ClusterIP, Kiali view-only, or ask for a token.",
            ),
        ];
    });
}

function read(text: string | undefined): KialiConfig | undefined {
    try {
        return parse(text ?? "") as KialiConfig | undefined;
    } catch {
        return undefined;
    }
}
