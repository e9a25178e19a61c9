import type * as k8s from "@pulumi/kubernetes";
import { getVersion } from "@pulumi/kubernetes/utilities";
import * as pulumi from "@pulumi/pulumi";
import { SKIP_AWAIT } from "./annotations";

/** What it is, as far as it is known before it is there: a preview tells that, and rights are made from it. */
interface GeneratedMetadata {
    readonly namespace: pulumi.Input<string>;
    readonly name: string;
    /**
     * At least one that it has: of those that it is told, these stay in the state, and without any the second refresh
     * would show that the map of them is gone.
     */
    readonly annotations: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * A Service that is read and not made, told what it is.
 *
 * `Service.get` tells nothing but the id, and the provider keeps other inputs of that than of what it reads later: the
 * first refresh after each update showed a change (pulumi/pulumi#16401).
 */
export class GeneratedService extends pulumi.CustomResource {
    declare readonly apiVersion: pulumi.Output<"v1">;
    declare readonly kind: pulumi.Output<"Service">;
    declare readonly metadata: pulumi.Output<k8s.types.output.meta.v1.ObjectMeta>;
    declare readonly spec: pulumi.Output<k8s.types.output.core.v1.ServiceSpec>;
    declare readonly status: pulumi.Output<k8s.types.output.core.v1.ServiceStatus>;

    /** @param id `<namespace>/<name>`, known once it is there */
    constructor(
        resourceName: string,
        id: pulumi.Output<string>,
        { annotations, ...names }: GeneratedMetadata,
        opts: pulumi.CustomResourceOptions,
    ) {
        // Told what it is, the provider would wait for its pods, too.
        const metadata = { ...names, annotations: { ...SKIP_AWAIT, ...annotations } };
        const told = { apiVersion: "v1", kind: "Service", metadata };
        const read = { spec: undefined, status: undefined };
        super("kubernetes:core/v1:Service", resourceName, { ...told, ...read }, { version: getVersion(), ...opts, id });
    }
}
