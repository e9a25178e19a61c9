import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
    BOOKINFO_IMAGES,
    BOOKINFO_NAMESPACE,
    DEFAULT_ISTIO,
    istioRelease,
    REVISION_LABEL,
} from "@istio-on-pulumi/kube";
import { SKIP_AWAIT } from "./annotations";
import {
    BOOKINFO_PORT,
    BOOKINFO_ROUTES,
    BOOKINFO_SECURITY_CONTEXT,
    BOOKINFO_SERVICES,
    BOOKINFO_WORKLOADS,
    type BookinfoWorkload,
} from "./bookinfoFacts";
import { type BookinfoNetworkPoliciesArgs, networkPolicyOf } from "./bookinfoPolicies";
import { childOf } from "./child";
import { type ImageMirrors, mirrored } from "./images";
import { type NamespaceArgs, namespaceOf } from "./namespace";
import { pulledWith, type PullSecrets } from "./pullSecrets";
import type { RouteArgs } from "./routes";

export interface BookinfoArgs extends NamespaceArgs {
    /**
     * Namespace of the sample; it gets the injection label.
     *
     * A change: replacement; the old namespace is deleted, with all that is in it.
     * @default "istio-sample"
     */
    namespace?: pulumi.Input<string>;
    /**
     * Revision of the control plane whose sidecars the pods get: the namespace's label `istio.io/rev`.
     *
     * A change: restart of the pods.
     * @default the default control plane's: the label `istio-injection`
     */
    revision?: string;
    /**
     * Start of the image names, before `-productpage-v1` and so on: a registry with a path, without a tag. The images
     * must run as a user other than root, given as a number, as upstream's do.
     *
     * A change: restart of the pods.
     * @default "docker.io/istio/examples-bookinfo"
     */
    images?: pulumi.Input<string>;
    /**
     * Tag of the images.
     *
     * A change: restart of the pods.
     * @default "1.20.2", the one of Istio 1.25
     */
    tag?: pulumi.Input<string>;
    /**
     * Registries to pull from instead, from a registry (or a registry with a path) to its mirror.
     *
     * A change: restart of the pods.
     * @default none
     * @example { "docker.io": "registry.local:5000/docker" }
     */
    imageMirrors?: pulumi.Input<ImageMirrors>;
    /**
     * Names of Secrets with which the images are pulled; they must exist in the namespace.
     *
     * A change: restart of the pods.
     * @default none
     * @example ["registry-login"]
     */
    pullSecrets?: PullSecrets;
    /**
     * NetworkPolicies by which each service is asked by those alone that ask it in the sample, productpage by a
     * gateway, and asks nobody else. They need a network plugin that enforces them; metrics are read from
     * `istio-system`.
     *
     * A change: in place.
     * @default none
     * @example { gateway: "bookinfo-gateway" }
     */
    networkPolicies?: BookinfoNetworkPoliciesArgs;
}

/**
 * The Bookinfo sample in a namespace of its own, with sidecar injection.
 *
 * Give it `dependsOn` a ready control plane: a pod that is created before istiod answers has no sidecar.
 *
 * @example
 * const bookinfo = new Bookinfo("bookinfo", { namespace: "books" }, { provider, dependsOn: [istio] });
 * new IngressGateway(
 *     "bookinfo-gateway",
 *     { namespace: bookinfo.namespace, routes: [bookinfo.route] },
 *     { provider, dependsOn: [gatewayApi, istio] },
 * );
 */
export class Bookinfo extends pulumi.ComponentResource {
    /** The sample's namespace, known once it exists. */
    readonly namespace: pulumi.Output<string>;
    /** Host and port of productpage inside the cluster. */
    readonly productpage: pulumi.Output<string>;

    constructor(name: string, args: BookinfoArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:Bookinfo", name, args, opts);
        this.namespace = this.createNamespace(name, args);
        const accounts = new Map(BOOKINFO_SERVICES.map((each) => [each, this.createServiceAccount(name, each)]));
        for (const service of BOOKINFO_SERVICES) this.createService(name, service);
        const deployments = BOOKINFO_WORKLOADS.map((workload) =>
            this.createDeployment(name, workload, accounts.get(workload.service)!, args),
        );
        if (args.networkPolicies) {
            for (const service of BOOKINFO_SERVICES) this.createPolicy(name, service, args.networkPolicies);
        }
        handles.set(this, { name, deployments });
        this.productpage = pulumi.interpolate`${ENTRANCE}.${this.namespace}.svc:${BOOKINFO_PORT}`;
        this.registerOutputs({ namespace: this.namespace, productpage: this.productpage });
    }

    get deployments(): k8s.apps.v1.Deployment[] {
        return handles.get(this)!.deployments;
    }

    /** For a gateway's `routes`: the paths of productpage that are for everybody. */
    get route(): RouteArgs {
        return { name: handles.get(this)!.name, service: ENTRANCE, port: BOOKINFO_PORT, paths: [...BOOKINFO_ROUTES] };
    }

    private createNamespace(name: string, { namespace = BOOKINFO_NAMESPACE, ...args }: BookinfoArgs) {
        const [child, { parent }] = childOf(this, name, "namespace");
        // Before 0.2 the namespace was named after itself.
        const options = { parent, ...(typeof namespace === "string" && { aliases: [{ name: namespace }] }) };
        const label: Record<string, string> =
            args.revision === undefined ? { "istio-injection": "enabled" } : { [REVISION_LABEL]: args.revision };
        return namespaceOf([child, options], namespace, args, label).metadata.name;
    }

    private createServiceAccount(name: string, service: string) {
        const account = `bookinfo-${service}`;
        const [child, options] = childOf(this, name, account);
        return new k8s.core.v1.ServiceAccount(
            child,
            { metadata: this.metadata(account, { account: service }) },
            options,
        );
    }

    private createService(name: string, service: string) {
        const [child, options] = childOf(this, name, service);
        return new k8s.core.v1.Service(
            child,
            {
                metadata: { ...this.metadata(service, { app: service, service }), annotations: SKIP_AWAIT },
                spec: { ports: [{ port: BOOKINFO_PORT, name: "http" }], selector: { app: service } },
            },
            options,
        );
    }

    private createPolicy(name: string, service: string, args: BookinfoNetworkPoliciesArgs) {
        new k8s.networking.v1.NetworkPolicy(
            `${name}-${service}-policy`,
            { metadata: this.metadata(service, { app: service }), spec: networkPolicyOf(service, args) },
            { parent: this },
        );
    }

    private createDeployment(
        name: string,
        { service, version, scratch, env, podAnnotations }: BookinfoWorkload,
        account: k8s.core.v1.ServiceAccount,
        args: BookinfoArgs,
    ) {
        const deployment = `${service}-${version}`;
        const [child, options] = childOf(this, name, deployment);
        const labels = { app: service, version };
        // What a pod is injected with is said when it is made: another revision makes new ones.
        const annotations = {
            ...podAnnotations,
            ...(args.revision !== undefined && { "istio-on-pulumi/revision": args.revision }),
        };
        // The mounts are listed the other way round than the volumes, as upstream has them.
        const volumes = Object.entries(scratch);
        return new k8s.apps.v1.Deployment(
            child,
            {
                metadata: this.metadata(deployment, labels),
                // No replicas: one is the API's default, and a number here would conflict after a `kubectl scale`.
                spec: {
                    selector: { matchLabels: labels },
                    template: {
                        metadata: {
                            labels,
                            ...(Object.keys(annotations).length > 0 && { annotations }),
                        },
                        spec: {
                            serviceAccountName: account.metadata.name,
                            ...pulledWith(args.pullSecrets),
                            containers: [
                                {
                                    name: service,
                                    image: imageOf(deployment, args),
                                    imagePullPolicy: "IfNotPresent",
                                    securityContext: BOOKINFO_SECURITY_CONTEXT,
                                    ports: [{ containerPort: BOOKINFO_PORT }],
                                    ...(Object.keys(env).length > 0 && {
                                        env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
                                    }),
                                    ...(volumes.length > 0 && {
                                        volumeMounts: volumes
                                            .toReversed()
                                            .map(([volume, mountPath]) => ({ name: volume, mountPath })),
                                    }),
                                },
                            ],
                            ...(volumes.length > 0 && {
                                volumes: volumes.map(([volume]) => ({ name: volume, emptyDir: {} })),
                            }),
                        },
                    },
                },
            },
            options,
        );
    }

    private metadata(name: string, labels: Record<string, string>) {
        return { name, namespace: this.namespace, labels };
    }
}

/** Not properties: those are the outputs of the component in every language. */
const handles = new WeakMap<Bookinfo, { name: string; deployments: k8s.apps.v1.Deployment[] }>();

/** The Service that users call. */
const ENTRANCE = "productpage";

function imageOf(
    deployment: string,
    { images = BOOKINFO_IMAGES, tag = istioRelease(DEFAULT_ISTIO).bookinfo, imageMirrors = {} }: BookinfoArgs,
): pulumi.Output<string> {
    return pulumi
        .all([images, tag, imageMirrors])
        .apply(([start, version, mirrors]) => `${mirrored(`${start}-${deployment}`, mirrors)}:${version}`);
}
