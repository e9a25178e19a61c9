import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkGatewayApi, DEFAULT_ISTIO, GATEWAY_API_BUNDLE_VERSION, istioRelease } from "@istio-on-pulumi/kube";
import { type CrdInstallation, type InstalledCrd, managedCrds, readCrd, STACK_LABEL } from "../cluster";
import { gatewayApiCrdNames, readGatewayApiCrds } from "../upstream";
import { TAKE_OVER } from "./annotations";
import { childOf } from "./child";
import { openClusterOf } from "./clusterOf";
import { makeLater, outputOf, whenFinished } from "./later";
import { type Manifest, parseManifest } from "./manifest";
import { openUpstream } from "./upstreamFiles";

export interface GatewayApiCrdsArgs {
    /**
     * Release of Gateway API, one of those that are locked; Istio 1.25 is made with v1.2.1, and 1.26 with v1.3.0.
     *
     * A change: in place.
     * @default "v1.2.1"
     */
    version?: string;
    /**
     * Which CRDs the component manages: `auto`, those that it installed and, where the cluster holds none of
     * somebody else's, all; `always`, all, taking over what is there; `never`, none. With `auto` and `always` the
     * provider must take over objects that exist (`upsertExistingObjects`), for these CRDs outlive the stack.
     *
     * A change: in place; CRDs are never deleted.
     * @default "auto"
     */
    install?: CrdInstallation;
    /**
     * Directory of upstream files written by `npm run bundle`, relative to the project; for machines without internet.
     *
     * A change: nothing in the cluster.
     * @default the files are fetched and cached
     * @example "./bundle"
     */
    bundle?: string;
    /**
     * The Gateway API CRDs that the cluster holds now, for a program that has looked already. Not kept in the state.
     *
     * A change: as of `install`.
     * @default the component looks, by the kubeconfig and the context of its provider
     */
    installed?: InstalledCrd[];
}

/**
 * Gateway API's CustomResourceDefinitions (standard channel), installed only if absent.
 *
 * They are never deleted with the stack: deleting a CRD deletes every object of its kind, whoever made it.
 *
 * @example
 * const provider = new k8s.Provider("cluster", { context: "prod", upsertExistingObjects: true });
 * const gatewayApi = new GatewayApiCrds("gateway-api", {}, { provider });
 */
export class GatewayApiCrds extends pulumi.ComponentResource {
    /** Gateway API's version once the stack is up, such as `v1.2.1`; `unknown` where foreign CRDs do not tell. */
    readonly version: pulumi.Output<string>;
    /** Names of the CRDs that this component manages; empty where the cluster keeps its own. */
    readonly managed: pulumi.Output<string[]>;

    /**
     * @throws UserError where the version is not locked, or where `installed` is given and the cluster's own CRDs are
     *   not enough
     */
    constructor(name: string, args: GatewayApiCrdsArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const { installed, ...recorded } = args;
        // Before anything is registered, where it is known already.
        const version = args.version ?? DEFAULT_VERSION;
        checkGatewayApi(version);
        if (installed) managedCrds(args.install ?? "auto", installed, gatewayApiCrdNames(version), REMEDY);
        super("istio-on-pulumi:index:GatewayApiCrds", name, recorded, opts);
        const made = outputOf(makeLater(this, () => this.install(name, version, args)));
        this.version = made.apply(({ version = "unknown" }) => version);
        this.managed = made.apply(({ managed = [] }) => managed);
        this.registerOutputs({ version: this.version, managed: this.managed });
    }

    protected override initialize() {
        return whenFinished(this);
    }

    private async install(name: string, version: string, { install = "auto", bundle, installed }: GatewayApiCrdsArgs) {
        const names = gatewayApiCrdNames(version);
        const held = installed ?? (await this.look(names));
        const managed = [...managedCrds(install, held, names, REMEDY)];
        const texts = await readGatewayApiCrds(openUpstream(bundle), version, managed);
        const manifests = texts.flatMap(parseManifest);
        const crds = manifests.map((manifest) => this.createCrd(name, manifest));
        // Known once they are there, for what is to find them.
        const made = pulumi.all(crds.map(({ metadata }) => metadata.name));
        return { managed: made, version: bundleVersion(manifests[0]?.metadata.annotations ?? held[0]?.annotations) };
    }

    /** The CRDs that the cluster holds; none where a preview does not know the cluster yet. */
    private async look(names: readonly string[]): Promise<InstalledCrd[]> {
        const client = await openClusterOf(this);
        if (client === undefined) return [];
        const isOwn = (stack: string) => stack === ownLabel();
        const found = await Promise.all(names.map((crd) => readCrd(client, crd, isOwn)));
        return found.filter((crd) => crd !== undefined);
    }

    private createCrd(name: string, { metadata, spec }: Manifest) {
        const [child, opts] = childOf(this, name, metadata.name);
        return new k8s.apiextensions.v1.CustomResourceDefinition(
            child,
            {
                metadata: {
                    ...metadata,
                    // How a later run knows them again; a program that marks all of its objects has its own mark.
                    labels: { ...metadata.labels, [STACK_LABEL]: ownLabel() },
                    annotations: { ...metadata.annotations, ...TAKE_OVER },
                },
                spec: spec as k8s.types.input.apiextensions.v1.CustomResourceDefinitionSpec,
            },
            { ...opts, retainOnDelete: true },
        );
    }
}

/** The one that goes with the default Istio. */
const DEFAULT_VERSION = istioRelease(DEFAULT_ISTIO).gatewayApi;

const REMEDY = 'install: "always"';

/** The stack by its name, as the value of a label. */
function ownLabel(): string {
    const name = `${pulumi.getProject()}.${pulumi.getStack()}`.replace(/[^\w.-]/g, "-");
    return name.slice(0, 63).replace(/[^a-zA-Z0-9]+$/, "");
}

function bundleVersion(annotations: Readonly<Record<string, string>> | undefined): string {
    return annotations?.[GATEWAY_API_BUNDLE_VERSION] ?? "unknown";
}
