import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { SKIP_AWAIT } from "./annotations";
import { BOOKINFO_PORT, BOOKINFO_SERVICES, BOOKINFO_WORKLOADS, type BookinfoWorkload } from "./bookinfoFacts";
import { type ImageMirrors, mirrored } from "./images";
import { type NamespaceMetadata, namespaceOf } from "./namespace";
import { pulledWith } from "./pullSecrets";

export interface BookinfoArgs {
    /** Namespace of the sample; it gets the injection label. */
    namespace: string;
    /** Whether the namespace is somebody else's: it is labelled and used, and stays on `destroy`. */
    existingNamespace: boolean;
    /** Its labels and annotations beside the injection label. */
    namespaceMetadata?: NamespaceMetadata;
    /** Start of the image names, before `-productpage-v1` and so on. */
    images: string;
    /** Registries to pull the images from instead. */
    imageMirrors: ImageMirrors;
    /** Tag of the images. */
    tag: string;
    /** Names of Secrets in the namespace with which the images are pulled. @default none */
    pullSecrets?: readonly string[];
    /** The cluster's provider. */
    provider: k8s.Provider;
}

/**
 * The Bookinfo sample in a namespace of its own, with sidecar injection.
 *
 * Give it `dependsOn` a ready control plane: a pod that is created before istiod answers has no sidecar.
 */
export class Bookinfo extends pulumi.ComponentResource {
    readonly namespace: ReturnType<typeof namespaceOf>;
    readonly services: k8s.core.v1.Service[];
    readonly deployments: k8s.apps.v1.Deployment[];

    constructor(name: string, args: BookinfoArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:Bookinfo", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        this.namespace = namespaceOf(
            args.namespace,
            {
                existing: args.existingNamespace,
                ...args.namespaceMetadata,
                labels: { ...args.namespaceMetadata?.labels, "istio-injection": "enabled" },
            },
            { parent: this },
        );
        const accounts = new Map(BOOKINFO_SERVICES.map((service) => [service, this.createServiceAccount(service)]));
        this.services = BOOKINFO_SERVICES.map((service) => this.createService(service));
        this.deployments = BOOKINFO_WORKLOADS.map((workload) =>
            this.createDeployment(workload, accounts.get(workload.service)!, args),
        );
        this.registerOutputs({ namespace: this.namespace.metadata.name });
    }

    private createServiceAccount(service: string) {
        const name = `bookinfo-${service}`;
        return new k8s.core.v1.ServiceAccount(
            name,
            { metadata: this.metadata(name, { account: service }) },
            { parent: this },
        );
    }

    private createService(service: string) {
        return new k8s.core.v1.Service(
            service,
            {
                metadata: { ...this.metadata(service, { app: service, service }), annotations: SKIP_AWAIT },
                spec: { ports: [{ port: BOOKINFO_PORT, name: "http" }], selector: { app: service } },
            },
            { parent: this },
        );
    }

    private createDeployment(workload: BookinfoWorkload, account: k8s.core.v1.ServiceAccount, args: BookinfoArgs) {
        const { service, version, scratch, env, podAnnotations } = workload;
        const name = `${service}-${version}`;
        const labels = { app: service, version };
        // The mounts are listed the other way round than the volumes, as upstream has them.
        const volumes = Object.entries(scratch);
        return new k8s.apps.v1.Deployment(
            name,
            {
                metadata: this.metadata(name, labels),
                // No replicas: one is the API's default, and a number here would conflict after a `kubectl scale`.
                spec: {
                    selector: { matchLabels: labels },
                    template: {
                        metadata: {
                            labels,
                            ...(Object.keys(podAnnotations).length > 0 && { annotations: podAnnotations }),
                        },
                        spec: {
                            serviceAccountName: account.metadata.name,
                            ...pulledWith(args.pullSecrets),
                            containers: [
                                {
                                    name: service,
                                    image: `${mirrored(`${args.images}-${name}`, args.imageMirrors)}:${args.tag}`,
                                    imagePullPolicy: "IfNotPresent",
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
            { parent: this },
        );
    }

    private metadata(name: string, labels: Record<string, string>) {
        return { name, namespace: this.namespace.metadata.name, labels };
    }
}
