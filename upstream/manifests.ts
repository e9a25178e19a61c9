import { GATEWAY_API_VERSION, ISTIO_VERSION } from "@istio-on-pulumi/kube";
import type { UpstreamFiles } from "./upstream-files";

/** The manifests of the named addons, as YAML texts by name. */
export async function readAddons<Name extends string>(
    upstream: UpstreamFiles,
    names: readonly Name[],
): Promise<Partial<Record<Name, string>>> {
    const texts = names.map(
        async (name) => [name, await upstream.text(`istio-${ISTIO_VERSION}/samples/addons/${name}.yaml`)] as const,
    );
    return Object.fromEntries(await Promise.all(texts)) as Partial<Record<Name, string>>;
}

/**
 * The manifests of Gateway API's CustomResourceDefinitions.
 *
 * @param names full names, such as `gateways.gateway.networking.k8s.io`
 * @returns a YAML text for each of the names
 */
export async function readGatewayApiCrds(upstream: UpstreamFiles, names: readonly string[]): Promise<string[]> {
    return Promise.all(
        names.map((name) => {
            const [plural, ...group] = name.split(".");
            return upstream.text(
                `gateway-api-${GATEWAY_API_VERSION}/config/crd/standard/${group.join(".")}_${plural}.yaml`,
            );
        }),
    );
}

/** Full names of the CustomResourceDefinitions of chart `base`. */
export async function readIstioCrdNames(upstream: UpstreamFiles): Promise<string[]> {
    const text = await upstream.text(`istio-${ISTIO_VERSION}/manifests/charts/base/files/crd-all.gen.yaml`);
    return [...text.matchAll(/^ {2}name: (\S+)$/gm)].map(([, name]) => name!);
}
