import { randomBytes } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Addon, ADDONS } from "@istio-on-pulumi/kube";
import { SKIP_AWAIT } from "./annotations";
import { type ImageMirrors, mirrored } from "./images";
import { keptCommand } from "./keptCommand";
import { type KialiArgs, kialiObjects } from "./kiali";
import { lokiObjects, lokiOptions, type LokiStorage } from "./loki";
import { type Manifest, parseManifest, registerManifest, withoutReplicas } from "./manifest";

export interface AddonsArgs {
    /** The manifest of each addon to install, a YAML text; an addon without one is left out. */
    manifests: Partial<Record<Addon, string>>;
    /** How Kiali is reached, and what it may do. */
    kiali: Omit<KialiArgs, "tracing" | "signingKey">;
    /** Loki's volume. */
    lokiStorage: LokiStorage;
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
        const claims: pulumi.Resource[] = [];
        const signingKey = args.kiali.access === "token" ? this.drawSigningKey() : undefined;
        for (const manifest of addonObjects(args, signingKey)) {
            const options = lokiOptions(manifest, args.lokiStorage, claims);
            const resource = registerManifest(manifest, { ...options, parent: this });
            if (manifest.kind === "PersistentVolumeClaim") claims.push(resource);
            if (manifest.kind === "Service") {
                services.set(manifest.metadata.name, resource as k8s.core.v1.Service);
            }
        }
        this.services = services;
        this.registerOutputs({ services: [...services.keys()] });
    }

    /** Drawn once: what a resource that does not change was made with stays in its state. */
    private drawSigningKey(): pulumi.Output<string> {
        // Secret as a whole: of a secret within a secret the SDK unwraps but one.
        const environment = pulumi.secret({ KEY: randomBytes(16).toString("hex") });
        const drawn = keptCommand("kiali-signing-key", environment, {
            parent: this,
            additionalSecretOutputs: ["environment"],
        });
        return drawn.environment.apply((recorded) => {
            if (!recorded?.KEY) throw new Error("The state of kiali-signing-key holds no key");
            return recorded.KEY;
        });
    }
}

/**
 * The objects of the addons as they are to be applied: upstream's, with the few changes that the arguments ask for.
 *
 * @param signingKey Kiali's, for its logins
 */
export function addonObjects(args: Omit<AddonsArgs, "provider">, signingKey?: pulumi.Input<string>): Manifest[] {
    return ADDONS.flatMap((addon) => {
        const objects = parseManifest(args.manifests[addon] ?? "");
        switch (addon) {
            case "kiali":
                return kialiObjects(objects, {
                    ...args.kiali,
                    tracing: args.manifests.jaeger !== undefined,
                    signingKey,
                });
            case "loki":
                return lokiObjects(objects, args.lokiStorage);
            default:
                return objects;
        }
    }).map((object) => adapt(object, args.imageMirrors));
}

function adapt(object: Manifest, mirrors: ImageMirrors): Manifest {
    switch (object.kind) {
        case "Service":
            return unawaited(object);
        case "Deployment":
        case "StatefulSet":
            return withMirrors(withoutReplicas(object), mirrors);
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
