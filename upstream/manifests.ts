import { committedLock } from "./committed-lock";
import { gatewayApiCrds } from "./lock-format";
import { CHART_FOLDERS, istioTree } from "./selection";
import type { UpstreamFiles } from "./upstream-files";

/**
 * The manifests of the named addons, as YAML texts by name.
 *
 * @param istio the version of Istio whose samples they are
 */
export async function readAddons<Name extends string>(
    upstream: UpstreamFiles,
    istio: string,
    names: readonly Name[],
): Promise<Partial<Record<Name, string>>> {
    const texts = names.map(
        async (name) => [name, await upstream.text(`${istioTree(istio)}/samples/addons/${name}.yaml`)] as const,
    );
    return Object.fromEntries(await Promise.all(texts)) as Partial<Record<Name, string>>;
}

/** Full names of Gateway API's CustomResourceDefinitions, such as `gateways.gateway.networking.k8s.io`. */
export function gatewayApiCrdNames(gatewayApi: string): string[] {
    return gatewayApiCrds(committedLock(), gatewayApi).map(({ name }) => name);
}

/** The manifests of Gateway API's CustomResourceDefinitions: a YAML text for each of the names. */
export async function readGatewayApiCrds(
    upstream: UpstreamFiles,
    gatewayApi: string,
    names: readonly string[],
): Promise<string[]> {
    const wanted = gatewayApiCrds(committedLock(), gatewayApi).filter(({ name }) => names.includes(name));
    return Promise.all(wanted.map(({ lockPath }) => upstream.text(lockPath)));
}

/** Full names of the CustomResourceDefinitions of chart `base`. */
export async function readIstioCrdNames(upstream: UpstreamFiles, istio: string): Promise<string[]> {
    return (await readIstioCrds(upstream, istio)).map(({ name }) => name);
}

/** The CustomResourceDefinitions of chart `base`, and whether Helm keeps each where the release goes. */
export async function readIstioCrds(
    upstream: UpstreamFiles,
    istio: string,
): Promise<{ name: string; isKept: boolean }[]> {
    const text = await upstream.text(`${istioTree(istio)}/${CHART_FOLDERS.base}/files/crd-all.gen.yaml`);
    return text.split(/^---$/m).flatMap((document) => {
        const name = /^ {2}name: (\S+)$/m.exec(document)?.[1];
        return name === undefined ? [] : [{ name, isKept: /helm\.sh\/resource-policy"?: keep/.test(document) }];
    });
}
