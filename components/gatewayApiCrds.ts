import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
    GATEWAY_API_BUNDLE_VERSION,
    GATEWAY_API_CRDS,
    NEEDED_GATEWAY_API_CRDS,
    UserError,
} from "@istio-on-pulumi/kube";
import type { InstalledCrd } from "../cluster";
import { type Manifest, parseManifest } from "./manifest";

export interface GatewayApiCrdsArgs {
    /** `auto`: where the cluster serves none but this stack's; `always`: taking over what is there; `never`. */
    install: "auto" | "always" | "never";
    /** The manifests of the CRDs, each a YAML text of one or more documents. */
    manifests: string[];
    /** The Gateway API CRDs that the cluster holds now. */
    installed: readonly InstalledCrd[];
    /** The cluster's provider; one that takes over existing objects, since these CRDs outlive `pulumi destroy`. */
    provider: k8s.Provider;
}

/**
 * Gateway API's CustomResourceDefinitions, installed only if absent.
 *
 * They are never deleted with the stack: deleting a CRD deletes every object of its kind, whoever made it.
 */
export class GatewayApiCrds extends pulumi.ComponentResource {
    /** The CRDs this stack manages; empty where the cluster keeps its own. */
    readonly crds: k8s.apiextensions.v1.CustomResourceDefinition[];
    /** Gateway API's version once the stack is up, such as `v1.2.1`; `unknown` where foreign CRDs do not tell. */
    readonly version: string;

    constructor(name: string, args: GatewayApiCrdsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:GatewayApiCrds", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        const managed = managedCrds(args.install, args.installed);
        const manifests = args.manifests
            .flatMap(parseManifest)
            .filter((manifest) => managed.includes(manifest.metadata.name));
        this.crds = manifests.map((manifest) => this.createCrd(manifest));
        this.version = bundleVersion(manifests[0]?.metadata.annotations ?? args.installed[0]?.annotations);
        this.registerOutputs({ version: this.version });
    }

    private createCrd({ metadata, spec }: Manifest) {
        return new k8s.apiextensions.v1.CustomResourceDefinition(
            metadata.name,
            { metadata, spec: spec as k8s.types.input.apiextensions.v1.CustomResourceDefinitionSpec },
            { parent: this, retainOnDelete: true },
        );
    }
}

/**
 * The names of the CRDs that the stack manages.
 *
 * With `auto` those it installed stay its own on every run, and absent ones join them only where no CRD is somebody
 * else's: CRDs of two releases side by side serve nobody.
 * @throws UserError where the cluster's own CRDs do not serve the walkthrough's Gateway and HTTPRoute
 */
export function managedCrds(install: GatewayApiCrdsArgs["install"], installed: readonly InstalledCrd[]): string[] {
    if (install === "always") {
        return GATEWAY_API_CRDS;
    }
    const own = installed.filter((crd) => crd.isOwn).map((crd) => crd.name);
    if (install === "auto" && own.length === installed.length) {
        return GATEWAY_API_CRDS;
    }
    const unserved = NEEDED_GATEWAY_API_CRDS.filter(
        (crdName) => !installed.some((crd) => crd.name === crdName && crd.served.includes("v1")),
    );
    if (unserved.length > 0) {
        const why =
            install === "auto"
                ? "The cluster holds Gateway API CRDs that this program did not install"
                : "gatewayApi.install is never";
        const names = new Intl.ListFormat("en-GB").format(unserved);
        throw new UserError(
            `${why}, and the cluster does not serve ${names} at version v1; ` +
                "install them there, or let this stack do it with: pulumi config set --path gatewayApi.install always",
        );
    }
    return install === "auto" ? own : [];
}

function bundleVersion(annotations: Readonly<Record<string, string>> | undefined): string {
    return annotations?.[GATEWAY_API_BUNDLE_VERSION] ?? "unknown";
}
