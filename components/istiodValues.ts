import * as pulumi from "@pulumi/pulumi";
import { type ImageMirrors, mirrored } from "./images";

/** Values of a Helm chart. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a schema of the component has no other word for it
export type ChartValues = Record<string, any>;

/** What chart `istiod` is given besides the component's own choice. */
interface IstiodArgs {
    hub: pulumi.Input<string>;
    tag: pulumi.Input<string>;
    imageMirrors: pulumi.Input<ImageMirrors>;
    values?: pulumi.Input<ChartValues>;
}

/** Values of chart `istiod`. */
export function istiodValues({ values = {}, ...images }: IstiodArgs): pulumi.Output<ChartValues> {
    return pulumi
        .all([images.hub, images.tag, images.imageMirrors, values])
        .apply(([hub, tag, mirrors, given]): ChartValues => {
            const merged = mergeValues(imageValues(hub, tag, mirrors), given);
            const { volumes, volumeMounts } = startupConfig(given.revision as string | undefined);
            return {
                ...merged,
                volumes: [...((given.volumes as object[] | undefined) ?? []), volumes],
                volumeMounts: [...((given.volumeMounts as object[] | undefined) ?? []), volumeMounts],
            };
        });
}

function imageValues(hub: string, tag: string, mirrors: ImageMirrors): ChartValues {
    const mirroredHub = mirrored(hub, mirrors);
    // A name with a slash is taken as it is, by the chart and by injection; others get hub and tag.
    const image = (name: string) => {
        const full = mirrored(`${hub}/${name}`, mirrors);
        return full === `${mirroredHub}/${name}` ? undefined : { image: `${full}:${tag}` };
    };
    const proxy = image("proxyv2");
    return {
        profile: "demo",
        ...image("pilot"),
        global: {
            // The charts of the source tree name the test registry.
            hub: mirroredHub,
            tag,
            ...(proxy && { proxy, proxy_init: proxy }),
            // A budget of one for the one replica of the profile forbids every eviction: `kubectl drain` never ends.
            defaultPodDisruptionBudget: { enabled: false },
        },
    };
}

/**
 * Keeps istiod from starting before the ConfigMaps exist that it reads at its start: it would leave injection off until
 * it is restarted, and the chart's objects are created side by side.
 *
 * A required volume makes the kubelet hold the container back; the path means nothing to istiod.
 */
function startupConfig(revision = "") {
    const suffix = revision === "" ? "" : `-${revision}`;
    const sources = ["istio", "istio-sidecar-injector"].map((name) => ({ configMap: { name: `${name}${suffix}` } }));
    return {
        volumes: { name: "startup-config", projected: { sources } },
        volumeMounts: { name: "startup-config", mountPath: "/var/run/startup-config", readOnly: true },
    };
}

/** Merges maps key by key, as Helm merges values; everything else is replaced as a whole. */
export function mergeValues(own: ChartValues, given: ChartValues): ChartValues {
    const merged: ChartValues = { ...own };
    for (const [key, value] of Object.entries(given) as [string, unknown][]) {
        merged[key] = isMap(merged[key]) && isMap(value) ? mergeValues(merged[key], value) : value;
    }
    return merged;
}

function isMap(value: unknown): value is ChartValues {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
