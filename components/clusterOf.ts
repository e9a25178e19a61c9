import * as pulumi from "@pulumi/pulumi";
import { type ClusterClient, type ClusterReference, openCluster } from "@istio-on-pulumi/kube";
import { givenValue, knownValue } from "./inputs";

/** Any member of the package; all of them have the same provider. */
const MEMBER = "kubernetes:core/v1:Service";

/** The provider of a component's Kubernetes objects; `undefined` where it is the engine's default one. */
export function kubernetesProvider(component: pulumi.ComponentResource): pulumi.ProviderResource | undefined {
    return component.getProvider(MEMBER);
}

/** What a provider was made with. The SDK keeps it without declaring it. */
interface ProviderInputs {
    kubeconfig?: pulumi.Output<string | undefined>;
    context?: pulumi.Output<string | undefined>;
}

/**
 * Asks the cluster that a component's objects go to.
 *
 * @returns `undefined` in a preview that does not know the cluster yet
 */
export async function openClusterOf(component: pulumi.ComponentResource): Promise<ClusterClient | undefined> {
    const reference = await referenceOf(component);
    return (
        reference &&
        openCluster(reference, {
            timeLimit: 15_000,
            rights: "administer the cluster",
            ways: { kubeconfig: "the provider's kubeconfig", context: "the provider's context" },
        })
    );
}

async function referenceOf(component: pulumi.ComponentResource): Promise<ClusterReference | undefined> {
    const provider = kubernetesProvider(component);
    if (provider === undefined) {
        const config = new pulumi.Config("kubernetes");
        return { kubeconfig: config.get("kubeconfig"), context: config.get("context") };
    }
    const { kubeconfig, context } =
        "kubeconfig" in provider ? (provider as ProviderInputs) : await inputsInEngine(provider);
    const given = await Promise.all([givenValue(kubeconfig), givenValue(context)]);
    if (given.some(pulumi.isUnknown)) return undefined;
    // An empty kubeconfig is the provider's own search, which is that of kubectl.
    return { kubeconfig: given[0] || undefined, context: given[1] || undefined };
}

/** In a component package the provider is a reference to one that another program made. */
async function inputsInEngine(provider: pulumi.ProviderResource): Promise<ProviderInputs> {
    const urn = await knownValue(provider.urn);
    const answer = (await pulumi.runtime.invoke("pulumi:pulumi:getResource", { urn })) as {
        state: { kubeconfig?: string; context?: string };
    };
    const { kubeconfig, context } = answer.state;
    return { kubeconfig: pulumi.output(kubeconfig), context: pulumi.output(context) };
}
