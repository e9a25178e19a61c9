import { type ClusterClient, NEEDED_GATEWAY_API_CRDS, UserError } from "@istio-on-pulumi/kube";
import { STACK_LABEL } from "./marks";
import { CRDS } from "./objects";

/** A CustomResourceDefinition of the Gateway API that the cluster holds. */
export interface InstalledCrd {
    /** Its full name, such as `gateways.gateway.networking.k8s.io`. */
    name: string;
    /** Versions that the API server serves, such as `v1`. */
    served: string[];
    /** Its annotations, which tell the bundle's version. */
    annotations: Record<string, string>;
    /** Whether it is this stack's to manage. */
    isOwn: boolean;
}

/**
 * Reads one of the CRDs.
 *
 * @param isOwn whether the value of the label is one of those whose CRDs are this stack's to manage
 */
export async function readCrd(
    client: ClusterClient,
    name: string,
    isOwn: (stack: string) => boolean,
): Promise<InstalledCrd | undefined> {
    const crd = await client.get<{
        metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
        spec: { versions: { name: string; served: boolean }[] };
    }>(`${CRDS}/${name}`, { absent: [404] });
    if (crd === undefined) return undefined;
    const stack = crd.metadata.labels?.[STACK_LABEL];
    return {
        name,
        served: crd.spec.versions.filter((version) => version.served).map((version) => version.name),
        annotations: crd.metadata.annotations ?? {},
        isOwn: stack !== undefined && isOwn(stack),
    };
}

/** `auto`: where the cluster serves none but this stack's; `always`: taking over what is there; `never`. */
export const CrdInstallation = { auto: "auto", always: "always", never: "never" } as const;
export type CrdInstallation = (typeof CrdInstallation)[keyof typeof CrdInstallation];

/**
 * The names of the CRDs that the stack manages.
 *
 * With `auto` those it installed stay its own on every run, and absent ones join them only where no CRD is somebody
 * else's: CRDs of two releases side by side serve nobody.
 * @param all the names of the CRDs of the release that the stack installs
 * @param remedy how to let the stack install them, for the end of a sentence
 * @throws UserError where the cluster's own CRDs do not serve a Gateway and an HTTPRoute
 */
export function managedCrds(
    install: CrdInstallation,
    installed: readonly InstalledCrd[],
    all: readonly string[],
    remedy: string,
): readonly string[] {
    if (install === "always") {
        return all;
    }
    const own = installed.filter((crd) => crd.isOwn).map((crd) => crd.name);
    if (install === "auto" && own.length === installed.length) {
        return all;
    }
    const unserved = NEEDED_GATEWAY_API_CRDS.filter(
        (crdName) => !installed.some((crd) => crd.name === crdName && crd.served.includes("v1")),
    );
    if (unserved.length > 0) {
        const why =
            install === "auto"
                ? "The cluster holds Gateway API CRDs that this program did not install"
                : "The Gateway API CRDs are never to be installed";
        const names = new Intl.ListFormat("en-GB").format(unserved);
        throw new UserError(
            `${why}, and the cluster does not serve ${names} at version v1; ` +
                `install them there, or let this stack do it with: ${remedy}`,
        );
    }
    return install === "auto" ? own : [];
}
