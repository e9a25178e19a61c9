import { UserError, withRegistry } from "@istio-on-pulumi/kube";
import { CHART_FOLDERS, istioTree } from "./selection";
import { yamlDocuments } from "./yaml";

/** The values of a release's chart, which name istiod's and the proxy's image. */
const ISTIOD_VALUES = new RegExp(`^${istioTree("[^/]+")}/${CHART_FOLDERS.istiod}/values.yaml$`);
/** Paths of the manifests that name the other images. */
const SAMPLES = new RegExp(`^${istioTree("[^/]+")}/samples/`);

/**
 * All container images that the walkthrough pulls with the releases whose files are there, each with its registry,
 * sorted.
 * @param text reads a file of the lock.
 * @param paths the lock's paths.
 */
export function imagesOf(text: (path: string) => string, paths: readonly string[]): string[] {
    const images = paths.flatMap((path) => {
        if (SAMPLES.test(path)) return containerImages(text(path));
        return ISTIOD_VALUES.test(path) ? istioImages(path, text(path)) : [];
    });
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
                        .map((container: { image?: unknown } | null) => container?.image)
                        .filter((image) => typeof image === "string"),
                );
            }
            visit(child);
        }
    };
    visit(yamlDocuments(manifests));
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
export function istioImages(path: string, values: string): string[] {
    const defaults = (yamlDocuments(values)[0] as ChartValues | null | undefined)?._internal_defaults_do_not_set;
    const { hub, tag, proxy, proxy_init: proxyInit } = defaults?.global ?? {};
    return [defaults?.image, proxy?.image, proxyInit?.image].map((image) => {
        if (typeof image !== "string" || typeof hub !== "string" || typeof tag !== "string") {
            throw new UserError(
                `${path} does not name hub, tag and images where upstream/images.ts looks for them: ` +
                    "adapt it to this version of the chart.",
            );
        }
        return `${hub}/${image}:${tag}`;
    });
}
