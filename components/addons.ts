import { randomBytes } from "node:crypto";
import * as command from "@pulumi/command";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Addon, ADDONS } from "@istio-on-pulumi/kube";
import { SKIP_AWAIT } from "./annotations";
import { type AddonStorage, storageOptions } from "./claims";
import { type ImageMirrors, mirrored } from "./images";
import { type KialiArgs, kialiObjects } from "./kiali";
import { type LokiArgs, lokiObjects } from "./loki";
import { type Manifest, parseManifest, registerManifest, withoutReplicas } from "./manifest";
import { type PrometheusArgs, prometheusObjects } from "./prometheus";
import { pulledWith } from "./pullSecrets";

export interface AddonsArgs {
    /** The manifest of each addon to install, a YAML text; an addon without one is left out. */
    manifests: Partial<Record<Addon, string>>;
    /** How Kiali is reached, and what it may do. */
    kiali: Omit<KialiArgs, "tracing" | "signingKey">;
    /** Loki's volume, and how long it keeps logs. @default upstream's: for ever */
    loki?: LokiArgs;
    /** Prometheus' volume, and how long it keeps metrics. @default upstream's: no volume */
    prometheus?: PrometheusArgs;
    /** Type of the Service that users open, for the addons beside Kiali. @default `ClusterIP` */
    serviceTypes?: Partial<Record<Exclude<Addon, "kiali">, "NodePort" | "ClusterIP">>;
    /** Names of Secrets in `istio-system` with which the images are pulled. @default none */
    pullSecrets?: readonly string[];
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
        const claims = new Map<AddonStorage, pulumi.Resource[]>();
        const signingKey = args.kiali.access === "token" ? this.drawSigningKey() : undefined;
        for (const { storage, manifest } of withStorage(args, signingKey)) {
            const options = storageOptions(manifest, storage, (storage && claims.get(storage)) ?? []);
            const resource = registerManifest(manifest, { ...options, parent: this });
            if (storage && manifest.kind === "PersistentVolumeClaim") {
                claims.set(storage, [...(claims.get(storage) ?? []), resource]);
            }
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
        const drawn = new command.local.Command(
            "kiali-signing-key",
            { create: "exit 0", environment, addPreviousOutputInEnv: false },
            { parent: this, ignoreChanges: ["create", "environment"], additionalSecretOutputs: ["environment"] },
        );
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
    return withStorage(args, signingKey).map(({ manifest }) => manifest);
}

/** The objects, each with the volume of its addon. */
function withStorage(args: Omit<AddonsArgs, "provider">, signingKey?: pulumi.Input<string>) {
    return ADDONS.flatMap((addon) => {
        const storage = { loki: args.loki?.storage, prometheus: args.prometheus?.storage }[addon as "loki"];
        const objects = objectsOf(addon, parseManifest(args.manifests[addon] ?? ""), args, signingKey);
        return objects.map((object) => ({ storage, manifest: adapt(addon, object, args) }));
    });
}

function objectsOf(
    addon: Addon,
    objects: readonly Manifest[],
    args: Omit<AddonsArgs, "provider">,
    signingKey: pulumi.Input<string> | undefined,
): readonly Manifest[] {
    switch (addon) {
        case "kiali":
            return kialiObjects(objects, { ...args.kiali, tracing: args.manifests.jaeger !== undefined, signingKey });
        case "loki":
            return lokiObjects(objects, args.loki ?? {});
        case "prometheus":
            return prometheusObjects(objects, args.prometheus ?? {});
        default:
            return objects;
    }
}

/** The Service of each addon that users open. */
const OPENED: Readonly<Record<Addon, string>> = {
    kiali: "kiali",
    jaeger: "tracing",
    prometheus: "prometheus",
    grafana: "grafana",
    loki: "loki",
};

function adapt(addon: Addon, object: Manifest, args: Omit<AddonsArgs, "provider">): Manifest {
    switch (object.kind) {
        case "Service": {
            const type = addon === "kiali" ? undefined : args.serviceTypes?.[addon];
            return unawaited(object.metadata.name === OPENED[addon] ? opened(object, type) : object);
        }
        case "Deployment":
        case "StatefulSet":
            return pulled(withoutReplicas(object), args);
        default:
            return object;
    }
}

function opened(service: Manifest, type: "NodePort" | "ClusterIP" = "ClusterIP"): Manifest {
    return type === "ClusterIP" ? service : { ...service, spec: { ...(service.spec as object), type } };
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

function pulled(workload: Manifest, args: Pick<AddonsArgs, "imageMirrors" | "pullSecrets">): Manifest {
    const spec = workload.spec as { template: PodTemplate };
    const pull = <T extends { image: string }>(container: T) => ({
        ...container,
        image: mirrored(container.image, args.imageMirrors),
    });
    const { containers, initContainers, ...pod } = spec.template.spec;
    const mirroredPod = {
        ...pod,
        ...pulledWith(args.pullSecrets),
        containers: containers.map(pull),
        ...(initContainers && { initContainers: initContainers.map(pull) }),
    };
    return { ...workload, spec: { ...spec, template: { ...spec.template, spec: mirroredPod } } };
}
