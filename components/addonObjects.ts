import type * as pulumi from "@pulumi/pulumi";
import { type Addon, ADDONS } from "@istio-on-pulumi/kube";
import { SKIP_AWAIT } from "./annotations";
import { type ImageMirrors, mirroredInput } from "./images";
import { type KialiArgs, kialiObjects } from "./kiali";
import { type LokiArgs, lokiObjects } from "./loki";
import { type Manifest, parseManifest, withoutReplicas } from "./manifest";

/** The manifest of each addon, a YAML text; an addon without one is left out. */
export type AddonManifests = Partial<Record<Addon, string>>;

/** What decides on the addons' objects. */
export interface AddonObjectsArgs {
    kiali?: KialiArgs;
    loki?: LokiArgs;
    imageMirrors?: pulumi.Input<ImageMirrors>;
}

/**
 * The objects of the addons as they are to be applied: upstream's, with the few changes that the arguments ask for.
 *
 * @param signingKey Kiali's, for its logins
 */
export function addonObjects(
    manifests: AddonManifests,
    { kiali = {}, loki = {}, imageMirrors = {} }: AddonObjectsArgs,
    signingKey?: pulumi.Input<string>,
): Manifest[] {
    return ADDONS.flatMap((addon) => {
        const objects = parseManifest(manifests[addon] ?? "");
        switch (addon) {
            case "kiali":
                return kialiObjects(objects, { tracing: manifests.jaeger !== undefined, ...kiali, signingKey });
            case "loki":
                return lokiObjects(objects, loki);
            default:
                return objects;
        }
    }).map((object) => adapt(object, imageMirrors));
}

function adapt(object: Manifest, mirrors: pulumi.Input<ImageMirrors>): Manifest {
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

function withMirrors(workload: Manifest, mirrors: pulumi.Input<ImageMirrors>): Manifest {
    const spec = workload.spec as { template: PodTemplate };
    const pull = <T extends { image: string }>(container: T) => ({
        ...container,
        image: mirroredInput(container.image, mirrors),
    });
    const { containers, initContainers, ...pod } = spec.template.spec;
    const mirroredPod = {
        ...pod,
        containers: containers.map(pull),
        ...(initContainers && { initContainers: initContainers.map(pull) }),
    };
    return { ...workload, spec: { ...spec, template: { ...spec.template, spec: mirroredPod } } };
}
