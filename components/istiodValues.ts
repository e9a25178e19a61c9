import * as pulumi from "@pulumi/pulumi";
import { type ImageMirrors, mirrored } from "./images";
import type { PullSecrets } from "./pullSecrets";

/** Values of a Helm chart. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a schema of the component has no other word for it
export type ChartValues = Record<string, any>;

/** What chart `istiod` is given besides the component's own choice. */
interface ValuesArgs {
    hub: pulumi.Input<string>;
    tag: pulumi.Input<string>;
    imageMirrors: pulumi.Input<ImageMirrors>;
    pullSecrets?: PullSecrets;
    /** The component's own beside those of all control planes; `values` are laid over them. */
    own?: ChartValues;
    values?: pulumi.Input<ChartValues>;
}

/** Values of chart `istiod`. */
export function istiodValues({ values = {}, own: special = {}, ...args }: ValuesArgs): pulumi.Output<ChartValues> {
    return pulumi
        .all([args.hub, args.tag, args.imageMirrors, args.pullSecrets ?? [], values])
        .apply(([hub, tag, mirrors, pullSecrets, given]): ChartValues => {
            const own = mergeValues(ownValues(imageValues(hub, tag, mirrors), pullSecrets, given), special);
            const merged = mergeValues(own, withoutProfilesOwn(given));
            const { volumes, volumeMounts } = startupConfig(merged.revision as string | undefined);
            return {
                ...merged,
                volumes: [...((given.volumes as object[] | undefined) ?? []), volumes],
                volumeMounts: [...((given.volumeMounts as object[] | undefined) ?? []), volumeMounts],
            };
        });
}

function ownValues({ global, ...images }: ChartValues, pullSecrets: string[], given: ChartValues): ChartValues {
    return {
        profile: "demo",
        ...images,
        global: {
            ...(global as ChartValues),
            ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets }),
            // A budget of one for one replica forbids every eviction: `kubectl drain` never ends.
            defaultPodDisruptionBudget: { enabled: leastReplicas(given) > 1 },
        },
    };
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
        ...image("pilot"),
        global: {
            // The charts of the source tree name the test registry.
            hub: mirroredHub,
            tag,
            ...(proxy && { proxy, proxy_init: proxy }),
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

/** How many istiods there are at least: what a budget can count on. */
function leastReplicas(values: ChartValues): number {
    const value = (name: string): unknown => pilotValues(values)[name] ?? values[name];
    const count = value("autoscaleEnabled") === true ? value("autoscaleMin") : value("replicaCount");
    return typeof count === "number" ? count : 1;
}

/** Whether the values say how many istiods there are; else the Deployment leaves that to whoever scales it. */
export function setsReplicas(values: ChartValues = {}): boolean {
    return (pilotValues(values).replicaCount ?? values.replicaCount) !== undefined;
}

/** The resources that the values give istiod; none where they are the profile's. */
export function istiodResources(values: ChartValues = {}): object | undefined {
    const resources: unknown = pilotValues(values).resources ?? values.resources;
    return isMap(resources) ? resources : undefined;
}

function pilotValues(values: ChartValues): ChartValues {
    return isMap(values.pilot) ? values.pilot : {};
}

/** What profile demo sets below `pilot`. */
const PROFILES_OWN = ["autoscaleEnabled", "traceSampling", "resources"];

/** The chart lets what stands below `pilot` win over the top, so what the profile has there must be set there. */
function withoutProfilesOwn(values: ChartValues): ChartValues {
    const top = PROFILES_OWN.filter((name) => values[name] !== undefined);
    if (top.length === 0) return values;
    const rest = Object.fromEntries(Object.entries(values).filter(([name]) => !top.includes(name)));
    const moved = Object.fromEntries(top.map((name) => [name, values[name]]));
    return { ...rest, pilot: mergeValues(moved, pilotValues(values)) };
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
