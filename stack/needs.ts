import { ADDONS, ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { type checkRequirements, type PlannedObject, type PlannedPod, sidecarPod } from "../cluster";
import type { ChartValues, ServiceType } from "../components";
import {
    type AddonManifests,
    addonObjects,
    type AddonObjectsArgs,
    BOOKINFO_SECURITY_CONTEXT,
    istiodResources,
    type Manifest,
} from "../components/internal";
import type { GatewayPlace } from "./gateway";

export interface NeedsArgs {
    /** The version of Istio that is to be installed. */
    istioVersion: string;
    planned: readonly PlannedObject[];
    /** Whether changes are only tried. */
    isPreview: boolean;
    addons: AddonObjectsArgs;
    manifests: AddonManifests;
    /** Namespace of Bookinfo, if there is one. */
    bookinfoNamespace?: string;
    /** The gateway, if there is one. */
    gateway?: GatewayPlace & { serviceType: ServiceType; nodePort: number };
    kialiNodePort: number;
    /** The user's values of chart `istiod`. */
    istiodValues: ChartValues;
    /** Whether the update gives a namespace the Pod Security level that its pods need. */
    bringsLevel: (namespace: string) => boolean;
}

/** What the program needs of the cluster, to be asked for before anything is changed. */
export function needsOf(args: NeedsArgs): Parameters<typeof checkRequirements>[2] {
    const { planned, addons, manifests, bookinfoNamespace, gateway } = args;
    const workloads = ADDONS.flatMap((addon) => addonObjects(addon, manifests, addons)).filter(
        ({ kind }) => kind === "Deployment" || kind === "StatefulSet",
    );
    const kiali = {
        setting: "addons.kiali.nodePort",
        port: args.kialiNodePort,
        service: "kiali",
        namespace: ISTIO_NAMESPACE,
    };
    const ports = [
        ...(gateway ? [{ setting: "gateway.nodePort", port: gateway.nodePort, ...gateway }] : []),
        ...(manifests.kiali === undefined ? [] : [kiali]),
    ];
    const pods: PlannedPod[] = [
        ...(bookinfoNamespace === undefined ? [] : [podWithSidecar(bookinfoNamespace)]),
        {
            name: "istiod's pods",
            namespace: ISTIO_NAMESPACE,
            spec: istiodPod(istiodResources(args.istiodValues)),
            remedy: "allow them there",
        },
        ...workloads.map(podOf),
    ];
    return {
        istioVersion: args.istioVersion,
        planned,
        isPreview: args.isPreview,
        pods: pods.map((pod) => ({ ...pod, bringsLevel: args.bringsLevel(pod.namespace) })),
        fixedPorts: ports.filter(({ port }) => port !== 0),
        loadBalancer: gateway?.serviceType === "LoadBalancer" ? gateway : undefined,
    };
}

function podWithSidecar(namespace: string): PlannedPod {
    return {
        name: "pods with a sidecar",
        namespace,
        spec: sidecarPod(BOOKINFO_SECURITY_CONTEXT),
        remedy:
            "allow them there: istio-init needs NET_ADMIN and NET_RAW for its NAT rules, which Pod Security's " +
            'level "privileged" grants (in a namespace of the stack: namespaces.podSecurity)',
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
        remedy: `allow them there, or leave them out with: pulumi config set --path addons.${metadata.name}.enabled false`,
    };
}

const ISTIOD_RESOURCES = { requests: { cpu: "10m", memory: "100Mi" } };

/** Istiod's pod as chart `istiod` makes it with the demo profile, as far as admission looks at it. */
function istiodPod(resources: object = ISTIOD_RESOURCES): object {
    const securityContext = {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
    };
    return { containers: [{ name: "discovery", image: "istio/pilot", resources, securityContext }] };
}
