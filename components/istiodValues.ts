import { type ImageMirrors, mirrored } from "./images";

/** Values of a Helm chart, as a values file has them. */
export type ChartValues = Readonly<Record<string, unknown>>;

export interface IstiodValuesArgs {
    /** Registry and path of Istio's images, such as `docker.io/istio`. */
    hub: string;
    /** Tag of Istio's images, such as `1.25.1`. */
    tag: string;
    /** Registries to pull the images from instead. */
    imageMirrors: ImageMirrors;
    /** Names of Secrets with which istiod's, injected and gateways' images are pulled. @default none */
    pullSecrets?: readonly string[];
    /** The user's own, merged into the component's: objects key by key, all else replaced. @default none */
    values?: ChartValues;
}

/** The ConfigMaps that istiod reads at its start. */
const STARTUP_CONFIG_MAPS = ["istio", "istio-sidecar-injector"];

/** Values of chart `istiod`. */
export function istiodValues({ hub, tag, imageMirrors, pullSecrets = [], values = {} }: IstiodValuesArgs): ChartValues {
    const mirroredHub = mirrored(hub, imageMirrors);
    // A name with a slash is taken as it is, by the chart and by injection; others get hub and tag.
    const image = (name: string) => {
        const full = mirrored(`${hub}/${name}`, imageMirrors);
        return full === `${mirroredHub}/${name}` ? undefined : { image: `${full}:${tag}` };
    };
    const proxy = image("proxyv2");
    const own = {
        profile: "demo",
        ...image("pilot"),
        global: {
            // The charts of the source tree name the test registry.
            hub: mirroredHub,
            tag,
            ...(proxy && { proxy, proxy_init: proxy }),
            ...(pullSecrets.length > 0 && { imagePullSecrets: [...pullSecrets] }),
            // A budget of one for one replica forbids every eviction: `kubectl drain` never ends.
            defaultPodDisruptionBudget: { enabled: leastReplicas(values) > 1 },
        },
        // An istiod that starts before its ConfigMaps exist leaves injection off until it is restarted, and the chart's
        // objects are created side by side. A required volume makes the kubelet hold the container back; the path means
        // nothing to istiod.
        volumes: [
            {
                name: "startup-config",
                projected: { sources: STARTUP_CONFIG_MAPS.map((configMap) => ({ configMap: { name: configMap } })) },
            },
        ],
        volumeMounts: [{ name: "startup-config", mountPath: "/var/run/startup-config", readOnly: true }],
    };
    const merged = mergeValues(own, withoutProfilesOwn(values));
    return {
        ...merged,
        ...joinedLists(own, values, "volumes"),
        ...joinedLists(own, values, "volumeMounts"),
    };
}

/** How many istiods there are at least: what a budget can count on. */
function leastReplicas(values: ChartValues): number {
    const value = (name: string) => pilotValues(values)[name] ?? values[name];
    const count = value("autoscaleEnabled") === true ? value("autoscaleMin") : value("replicaCount");
    return typeof count === "number" ? count : 1;
}

/** Whether the values say how many istiods there are; else the Deployment leaves that to whoever scales it. */
export function setsReplicas(values: ChartValues = {}): boolean {
    return (pilotValues(values).replicaCount ?? values.replicaCount) !== undefined;
}

/** The resources that the values give istiod; none where they are the profile's. */
export function istiodResources(values: ChartValues = {}): object | undefined {
    const resources = pilotValues(values).resources ?? values.resources;
    return isObject(resources) ? resources : undefined;
}

function pilotValues(values: ChartValues): ChartValues {
    return isObject(values.pilot) ? values.pilot : {};
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

/** Lists are replaced in a merge, but istiod needs its own volume whatever else it gets. */
function joinedLists(own: ChartValues, values: ChartValues, key: string): ChartValues {
    const theirs = values[key];
    return Array.isArray(theirs) ? { [key]: [...(own[key] as unknown[]), ...(theirs as unknown[])] } : {};
}

/** `over` laid over `base`: objects key by key, all else as it stands in `over`, as Helm merges values files. */
function mergeValues(base: ChartValues, over: ChartValues): ChartValues {
    const merged = Object.entries(over).map(([key, value]) => {
        const below = base[key];
        return [key, isObject(value) && isObject(below) ? mergeValues(below, value) : value] as const;
    });
    return { ...base, ...Object.fromEntries(merged) };
}

function isObject(value: unknown): value is ChartValues {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
