import { parse, parseAllDocuments } from "yaml";
import { ISTIO_VERSION, UserError, withRegistry } from "@istio-on-pulumi/kube";
import { CHART_FOLDERS } from "./selection";

/** The chart's values, which name istiod's and the proxy's image. */
const ISTIOD_VALUES = `${CHART_FOLDERS.istiod}/values.yaml`;
/** The folder whose manifests name the other images. */
const SAMPLES = `istio-${ISTIO_VERSION}/samples/`;

/**
 * All container images that the walkthrough pulls, each with its registry, sorted.
 * @param text reads a file of the lock.
 * @param paths the lock's paths.
 */
export function imagesOf(text: (path: string) => string, paths: readonly string[]): string[] {
    const manifests = paths.filter((path) => path.startsWith(SAMPLES));
    const images = [...manifests.flatMap((path) => containerImages(text(path))), ...istioImages(text(ISTIOD_VALUES))];
    return [...new Set(images.map(withRegistry))].sort();
}

/** The images of all containers and init containers in a text of Kubernetes manifests. */
export function containerImages(manifests: string): string[] {
    const images: string[] = [];
    const visit = (value: unknown): void => {
        if (typeof value !== "object" || value === null) return;
        for (const [key, child] of Object.entries(value)) {
            if ((key === "containers" || key === "initContainers") && Array.isArray(child)) {
                images.push(
                    ...child
                        .map((container: { image?: unknown }) => container.image)
                        .filter((image) => typeof image === "string"),
                );
            }
            visit(child);
        }
    };
    for (const document of parseAllDocuments(manifests)) visit(document.toJS());
    return images;
}

/** What is used of the chart's values; nothing of it is certain. */
interface ChartValues {
    _internal_defaults_do_not_set?: {
        image?: unknown;
        global?: { hub?: unknown; tag?: unknown; proxy?: { image?: unknown }; proxy_init?: { image?: unknown } };
    };
}

/** The images of istiod and of the proxy, which the chart puts together from its values. */
export function istioImages(values: string): string[] {
    const defaults = (parse(values) as ChartValues | null)?._internal_defaults_do_not_set;
    const { hub, tag, proxy, proxy_init: proxyInit } = defaults?.global ?? {};
    return [defaults?.image, proxy?.image, proxyInit?.image].map((image) => {
        if (typeof image !== "string" || typeof hub !== "string" || typeof tag !== "string") {
            throw new UserError(
                `${ISTIOD_VALUES} does not name hub, tag and images where upstream/images.ts looks for them: ` +
                    "adapt it to this version of the chart.",
            );
        }
        return `${hub}/${image}:${tag}`;
    });
}
