import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Addon, ADDONS } from "@istio-on-pulumi/kube";
import { SKIP_AWAIT } from "./annotations";
import { type ImageMirrors, mirrored } from "./images";
import { type Manifest, parseManifest, registerManifest, withoutReplicas } from "./manifest";

export interface AddonsArgs {
    /** The manifest of each addon to install, a YAML text; an addon without one is left out. */
    manifests: Partial<Record<Addon, string>>;
    /** Node port of Kiali's port 20001, inside the cluster's node port range; 0 lets Kubernetes choose. */
    kialiNodePort: number;
    /** Loki's volume: its StorageClass (default: the cluster's default) and its size, a quantity such as `10Gi`. */
    lokiStorage: { className?: string; size: string };
    /** Registries to pull the images from instead. */
    imageMirrors: ImageMirrors;
    /** The cluster's provider. */
    provider: k8s.Provider;
}

/** Kiali, Jaeger, Prometheus, Grafana and Loki, as Istio's samples have them. Needs the namespace `istio-system`. */
export class Addons extends pulumi.ComponentResource {
    /** Every Service of the installed addons, by its name. */
    readonly services: ReadonlyMap<string, k8s.core.v1.Service>;

    constructor(name: string, args: AddonsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:Addons", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        const services = new Map<string, k8s.core.v1.Service>();
        for (const manifest of addonObjects(args)) {
            const resource = registerManifest(manifest, { parent: this });
            if (manifest.kind === "Service") {
                services.set(manifest.metadata.name, resource as k8s.core.v1.Service);
            }
        }
        this.services = services;
        this.registerOutputs({ services: [...services.keys()] });
    }
}

/** The objects of the addons as they are to be applied: upstream's, with the few changes that the arguments ask for. */
export function addonObjects(args: Omit<AddonsArgs, "provider">): Manifest[] {
    return ADDONS.flatMap((addon) => parseManifest(args.manifests[addon] ?? "")).map((object) => adapt(object, args));
}

function adapt(object: Manifest, args: Omit<AddonsArgs, "provider">): Manifest {
    switch (object.kind) {
        case "Service":
            return object.metadata.name === "kiali"
                ? exposeKiali(unawaited(object), args.kialiNodePort)
                : unawaited(object);
        case "Deployment":
            return withMirrors(withoutReplicas(object), args.imageMirrors);
        case "StatefulSet":
            return withStorage(withMirrors(withoutReplicas(object), args.imageMirrors), args.lokiStorage);
        default:
            return object;
    }
}

/** The workload behind a Service is awaited; the Service's own wait is ten more seconds each. */
function unawaited(service: Manifest): Manifest {
    return {
        ...service,
        metadata: { ...service.metadata, annotations: { ...service.metadata.annotations, ...SKIP_AWAIT } },
    };
}

/** Declared as NodePort rather than patched afterwards: a second owner of the same field would conflict for ever. */
function exposeKiali(service: Manifest, nodePort: number): Manifest {
    const spec = service.spec as { ports: { name: string }[] };
    const ports = spec.ports.map((port) => (nodePort !== 0 && port.name === "http" ? { ...port, nodePort } : port));
    return { ...service, spec: { ...spec, type: "NodePort", ports } };
}

interface PodTemplate {
    spec: { containers: { image: string }[]; initContainers?: { image: string }[] };
}

function withMirrors(workload: Manifest, mirrors: ImageMirrors): Manifest {
    const spec = workload.spec as { template: PodTemplate };
    const pull = <T extends { image: string }>(container: T) => ({
        ...container,
        image: mirrored(container.image, mirrors),
    });
    const { containers, initContainers, ...pod } = spec.template.spec;
    const mirroredPod = {
        ...pod,
        containers: containers.map(pull),
        ...(initContainers && { initContainers: initContainers.map(pull) }),
    };
    return { ...workload, spec: { ...spec, template: { ...spec.template, spec: mirroredPod } } };
}

interface ClaimTemplate {
    spec: { storageClassName?: string; resources: { requests: { storage: string } } };
}

function withStorage(statefulSet: Manifest, storage: AddonsArgs["lokiStorage"]): Manifest {
    const spec = statefulSet.spec as { volumeClaimTemplates?: ClaimTemplate[] };
    const volumeClaimTemplates = spec.volumeClaimTemplates?.map((claim) => ({
        ...claim,
        spec: {
            ...claim.spec,
            ...(storage.className && { storageClassName: storage.className }),
            resources: { requests: { storage: storage.size } },
        },
    }));
    return { ...statefulSet, spec: { ...spec, ...(volumeClaimTemplates && { volumeClaimTemplates }) } };
}
