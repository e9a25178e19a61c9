import type * as pulumi from "@pulumi/pulumi";
import type { Addon } from "@istio-on-pulumi/kube";
import { SKIP_AWAIT } from "./annotations";
import { type ImageMirrors, mirroredInput } from "./images";
import { type KialiArgs, kialiObjects } from "./kiali";
import { type LokiArgs, lokiObjects } from "./loki";
import { type Manifest, parseManifest, withoutReplicas } from "./manifest";
import { type PrometheusArgs, prometheusObjects } from "./prometheus";
import { pulledWith, type PullSecrets } from "./pullSecrets";

/** The manifest of each addon, a YAML text; an addon without one is left out. */
export type AddonManifests = Partial<Record<Addon, string>>;

/** What decides on the addons' objects. */
export interface AddonObjectsArgs {
    /**
     * How Kiali is reached, and what it may do.
     *
     * A change: as each of its fields says.
     * @default inside the cluster alone, without a login, as upstream has it
     * @example { serviceType: "NodePort", nodePort: 30001, access: "view-only" }
     */
    kiali?: KialiArgs;
    /**
     * Loki's volume, and how long it keeps logs.
     *
     * A change: as each of its fields says.
     * @default 10 GiB of the cluster's default class, for ever
     * @example { storageClass: "fast", storageSize: "100Gi", retention: "30d" }
     */
    loki?: LokiArgs;
    /**
     * Prometheus' volume, and how long it keeps metrics.
     *
     * A change: as each of its fields says.
     * @default no volume, upstream's retention
     * @example { storageSize: "50Gi", retention: "30d" }
     */
    prometheus?: PrometheusArgs;
    /**
     * Type of the Service that users open, `ClusterIP` or `NodePort`, of jaeger, prometheus, grafana and loki; Kiali's
     * is a field of `kiali`. With `NodePort` whoever reaches a node reaches it, without a login.
     *
     * A change: in place; a node port goes or becomes another.
     * @default "ClusterIP" for each
     * @example { grafana: "NodePort" }
     */
    serviceTypes?: Record<string, pulumi.Input<string>>;
    /**
     * Registries to pull from instead, from a registry (or a registry with a path) to its mirror.
     *
     * A change: restart of the pods whose images it renames; those of Jaeger, Grafana and a Prometheus without a volume
     * lose their data.
     * @default none
     * @example { "docker.io": "registry.local:5000/docker" }
     */
    imageMirrors?: pulumi.Input<ImageMirrors>;
    /**
     * Names of Secrets in `istio-system` with which the images are pulled; they must exist there.
     *
     * A change: as of `imageMirrors`, for all pods.
     * @default none
     * @example ["registry-login"]
     */
    pullSecrets?: PullSecrets;
}

/**
 * The objects of an addon as they are to be applied: upstream's, with the few changes that the arguments ask for.
 *
 * @param manifests of all addons that there are
 * @param signingKey Kiali's, for its logins
 */
export function addonObjects(
    addon: Addon,
    manifests: AddonManifests,
    args: AddonObjectsArgs,
    signingKey?: pulumi.Input<string>,
): Manifest[] {
    const objects = parseManifest(manifests[addon] ?? "");
    const changed = () => {
        switch (addon) {
            case "kiali":
                return kialiObjects(objects, { tracing: manifests.jaeger !== undefined, ...args.kiali, signingKey });
            case "loki":
                return lokiObjects(objects, args.loki ?? {});
            case "prometheus":
                return prometheusObjects(objects, args.prometheus ?? {});
            default:
                return objects;
        }
    };
    return changed().map((object) => adapt(addon, object, args));
}

/** The Service of each addon that users open; Kiali's is of its own making. */
const OPENED: Readonly<Record<Exclude<Addon, "kiali">, string>> = {
    jaeger: "tracing",
    prometheus: "prometheus",
    grafana: "grafana",
    loki: "loki",
};

function adapt(addon: Addon, object: Manifest, args: AddonObjectsArgs): Manifest {
    switch (object.kind) {
        case "Service": {
            const isOpened = addon !== "kiali" && object.metadata.name === OPENED[addon];
            return unawaited(isOpened ? opened(object, args.serviceTypes?.[addon]) : object);
        }
        case "Deployment":
        case "StatefulSet":
            return pulled(withoutReplicas(object), args);
        default:
            return object;
    }
}

function opened(service: Manifest, type: pulumi.Input<string> | undefined): Manifest {
    return type === undefined || type === "ClusterIP"
        ? service
        : { ...service, spec: { ...(service.spec as object), type } };
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

function pulled(workload: Manifest, { imageMirrors = {}, pullSecrets }: AddonObjectsArgs): Manifest {
    const spec = workload.spec as { template: PodTemplate };
    const pull = <T extends { image: string }>(container: T) => ({
        ...container,
        image: mirroredInput(container.image, imageMirrors),
    });
    const { containers, initContainers, ...pod } = spec.template.spec;
    const pulledPod = {
        ...pod,
        ...pulledWith(pullSecrets),
        containers: containers.map(pull),
        ...(initContainers && { initContainers: initContainers.map(pull) }),
    };
    return { ...workload, spec: { ...spec, template: { ...spec.template, spec: pulledPod } } };
}
