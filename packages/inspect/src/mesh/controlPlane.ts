import { REVISION_LABEL } from "@istio-on-pulumi/kube";
import { type ClusterSnapshot } from "../snapshot/snapshot";
import { tagOf } from "./pods";

/** An istiod. */
export interface ControlPlane {
    readonly namespace: string;
    readonly name: string;
    readonly revision: string;
    readonly image: string;
    /** By the image's tag; `undefined` where it has none. */
    readonly version?: string;
    readonly ready: boolean;
    readonly created?: Date;
}

export const INJECTION_LABEL = "istio-injection";

/** Image tags name a variant after the version: `1.25.1-distroless`. */
export const versionOfTag = (tag: string | undefined): string | undefined => tag?.replace(/-(distroless|debug)$/, "");

export function controlPlanes({ deployments }: ClusterSnapshot): ControlPlane[] {
    const found = deployments.filter(
        ({ metadata, spec }) => metadata?.labels?.app === "istiod" || spec?.template.metadata?.labels?.app === "istiod",
    );
    return found.map(({ metadata, spec, status }) => {
        const image =
            spec?.template.spec?.containers.find(({ name }) => name === "discovery")?.image ??
            spec?.template.spec?.containers[0]?.image ??
            "";
        const version = versionOfTag(tagOf(image));
        return {
            namespace: metadata?.namespace ?? "",
            name: metadata?.name ?? "",
            revision:
                metadata?.labels?.[REVISION_LABEL] ?? spec?.template.metadata?.labels?.[REVISION_LABEL] ?? "default",
            image,
            ...(version !== undefined && { version }),
            ready: (status?.readyReplicas ?? 0) > 0,
            ...(metadata?.creationTimestamp && { created: new Date(metadata.creationTimestamp) }),
        };
    });
}
