import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab";

/** A manifest that the walkthrough applies, and where. */
export interface WalkthroughManifest {
    readonly name: string;
    readonly text: string;
    readonly namespace: string;
}

export const ISTIO_NAMESPACE = "istio-system";
export const BOOKINFO_NAMESPACE = "istio-sample";
const TIMEOUT = "--timeout=180s";

/**
 * The manifests of steps 1, 2, 3, 5 and 13 of the walkthrough, in its order, rendered by upstream's own tools.
 * @param bundle directory of upstream's files
 */
export async function walkthroughManifests(lab: Lab, bundle: string): Promise<WalkthroughManifest[]> {
    const sample = (...path: string[]) => join(bundle, "istio-1.25.1", "samples", ...path);
    const read = (file: string) => readFileSync(file, "utf8");
    // The release's istioctl has the release's hub, tag and chart version built in; the lab's is built from the source
    // tree.
    const release = ["--set", "hub=docker.io/istio", "--set", "tag=1.25.1"];
    const generated = await lab.output([
        "istioctl",
        "manifest",
        "generate",
        "-f",
        sample("bookinfo", "demo-profile-no-gateways.yaml"),
        ...release,
    ]);
    const istio = generated.replace(
        /(app\.kubernetes\.io\/version: "?|helm\.sh\/chart: [a-z]+-)1\.0\.0/g,
        (_, label: string) => `${label}1.25.1`,
    );
    const gatewayApi = await lab.output(["kubectl", "kustomize", join(bundle, "gateway-api-v1.2.1", "config", "crd")]);
    const addons = readdirSync(sample("addons"))
        .filter((file) => file.endsWith(".yaml"))
        .sort();
    return [
        { name: "istio", text: istio, namespace: ISTIO_NAMESPACE },
        { name: "gateway-api", text: gatewayApi, namespace: "default" },
        {
            name: "bookinfo",
            text: read(sample("bookinfo", "platform", "kube", "bookinfo.yaml")),
            namespace: BOOKINFO_NAMESPACE,
        },
        {
            name: "bookinfo-gateway",
            text: read(sample("bookinfo", "gateway-api", "bookinfo-gateway.yaml")),
            namespace: BOOKINFO_NAMESPACE,
        },
        ...addons.map((file) => ({ name: file, text: read(sample("addons", file)), namespace: ISTIO_NAMESPACE })),
    ];
}

/**
 * Applies the manifests as the walkthrough does and waits until everything is ready; what it changes afterwards is not
 * done yet.
 */
export async function applyByHand(lab: Lab, manifests: readonly WalkthroughManifest[]): Promise<void> {
    for (const namespace of [ISTIO_NAMESPACE, BOOKINFO_NAMESPACE])
        await lab.output(["kubectl", "create", "namespace", namespace]);
    await lab.output(["kubectl", "label", "namespace", BOOKINFO_NAMESPACE, "istio-injection=enabled"]);
    for (const { name, text, namespace } of manifests) {
        // Client-side apply would put the whole manifest into an annotation.
        await lab.output(["kubectl", "apply", "--server-side", "--namespace", namespace, "-f", "-"], { input: text });
        if (name === "istio") await rolledOut(lab, ISTIO_NAMESPACE);
    }
    await rolledOut(lab, BOOKINFO_NAMESPACE);
    await rolledOut(lab, ISTIO_NAMESPACE);
}

/**
 * Steps 6 and 14: both Services become NodePort. The Gateway is programmed only now: a load balancer's address never
 * comes here.
 */
export async function exposeByHand(lab: Lab): Promise<void> {
    await lab.output([
        "kubectl",
        "annotate",
        "--namespace",
        BOOKINFO_NAMESPACE,
        "gateway/bookinfo-gateway",
        "networking.istio.io/service-type=NodePort",
    ]);
    await lab.output([
        "kubectl",
        "wait",
        "--for=jsonpath={.spec.type}=NodePort",
        "--namespace",
        BOOKINFO_NAMESPACE,
        "service/bookinfo-gateway-istio",
        TIMEOUT,
    ]);
    await lab.output([
        "kubectl",
        "wait",
        "--for=condition=Programmed",
        "--namespace",
        BOOKINFO_NAMESPACE,
        "gateway/bookinfo-gateway",
        TIMEOUT,
    ]);
    await lab.output([
        "kubectl",
        "patch",
        "service",
        "kiali",
        "--namespace",
        ISTIO_NAMESPACE,
        "--patch",
        '{"spec": {"type": "NodePort"}}',
    ]);
}

async function rolledOut(lab: Lab, namespace: string): Promise<void> {
    const workloads = (
        await lab.output(["kubectl", "get", "deployments,statefulsets", "--namespace", namespace, "-o", "name"])
    )
        .trim()
        .split("\n");
    for (const workload of workloads.filter(Boolean))
        await lab.output(["kubectl", "rollout", "status", workload, "--namespace", namespace, TIMEOUT]);
}
