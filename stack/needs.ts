import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { type checkRequirements, type PlannedObject, type PlannedPod, sidecarPod } from "../cluster";
import type { ServiceType } from "../components";
import { type AddonManifests, addonObjects, type AddonObjectsArgs, type Manifest } from "../components/internal";
import { GENERATED_SERVICE } from "./gateway";

export interface NeedsArgs {
    planned: readonly PlannedObject[];
    addons: AddonObjectsArgs;
    manifests: AddonManifests;
    bookinfoNamespace: string;
    gatewayServiceType: ServiceType;
    gatewayNodePort: number;
    kialiNodePort: number;
}

/** What the program needs of the cluster, to be asked for before anything is changed. */
export function needsOf(args: NeedsArgs): Parameters<typeof checkRequirements>[2] {
    const { planned, addons, manifests, bookinfoNamespace: namespace, gatewayServiceType, gatewayNodePort } = args;
    const workloads = addonObjects(manifests, addons).filter(
        ({ kind }) => kind === "Deployment" || kind === "StatefulSet",
    );
    const gateway = { service: GENERATED_SERVICE, namespace };
    const ports = [
        { setting: "gatewayNodePort", port: gatewayNodePort, ...gateway },
        { setting: "kialiNodePort", port: args.kialiNodePort, service: "kiali", namespace: ISTIO_NAMESPACE },
    ];
    return {
        planned,
        pods: [
            {
                name: "pods with a sidecar",
                namespace,
                spec: sidecarPod(),
                remedy:
                    "allow them there: istio-init needs NET_ADMIN and NET_RAW for its NAT rules, which Pod Security's " +
                    'level "privileged" grants',
            },
            { name: "istiod's pods", namespace: ISTIO_NAMESPACE, spec: ISTIOD_POD, remedy: "allow them there" },
            ...workloads.map(podOf),
        ],
        fixedPorts: ports.filter(
            ({ port, service }) => port !== 0 && (service !== "kiali" || manifests.kiali !== undefined),
        ),
        loadBalancer: gatewayServiceType === "LoadBalancer" ? gateway : undefined,
    };
}

/** A pod of an addon; a StatefulSet gives it a volume for each of its claims. */
function podOf({ metadata, spec }: Manifest): PlannedPod {
    const { template, volumeClaimTemplates = [] } = spec as {
        template: { spec: { volumes?: object[] } };
        volumeClaimTemplates?: { metadata: { name: string } }[];
    };
    const claimed = volumeClaimTemplates.map((claim) => ({ name: claim.metadata.name, emptyDir: {} }));
    return {
        name: `the pods of ${metadata.name}`,
        namespace: metadata.namespace ?? ISTIO_NAMESPACE,
        spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claimed] },
        remedy: `allow them there, or leave them out with: pulumi config set ${metadata.name} false`,
    };
}

/** Istiod's pod as chart `istiod` makes it with the demo profile, as far as admission looks at it. */
const ISTIOD_POD = {
    containers: [
        {
            name: "discovery",
            image: "istio/pilot",
            resources: { requests: { cpu: "10m", memory: "100Mi" } },
            securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
            },
        },
    ],
};
