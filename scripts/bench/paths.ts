import { join } from "node:path";
import { BOOKINFO_NAMESPACE, ISTIO_NAMESPACE } from "../../tests/support/lab-walkthrough";

/** A way to the same cluster: what is done, step by step, by a command each. */
export interface Path {
    readonly name: string;
    /** From an empty cluster until everything is ready. */
    readonly up: string;
    /** What an `up` would change, where nothing has changed. */
    readonly difference: string;
    /** The same `up` again. */
    readonly again?: string;
    readonly refresh?: string;
    readonly down: string;
}

const WAIT = "--timeout=180s";

/** A program, by `pulumi` alone. @param directory the project's */
export function byPulumi(name: string, stack: string, directory: string): Path {
    const onStack = `--cwd ${directory} --stack ${stack} --non-interactive --suppress-outputs`;
    return {
        name,
        up: `pulumi up --yes --skip-preview ${onStack}`,
        difference: `pulumi preview ${onStack}`,
        again: `pulumi up --yes --skip-preview --expect-no-changes ${onStack}`,
        refresh: `pulumi refresh --yes --skip-preview ${onStack}`,
        down: `pulumi destroy --yes --skip-preview ${onStack}`,
    };
}

/** The walkthrough's own commands. @param bundle directory of upstream's files */
export function byWalkthrough(bundle: string): Path {
    const profile = join(bundle, "istio-1.25.1", "samples", "bookinfo", "demo-profile-no-gateways.yaml");
    const release = "--set hub=docker.io/istio --set tag=1.25.1";
    return byHand({
        name: "walkthrough",
        bundle,
        istio: `istioctl install -y -f ${profile} ${release}`,
        istioDifference: `istioctl manifest generate -f ${profile} ${release} | kubectl diff -f - || [ $? = 1 ]`,
        withoutIstio: "istioctl uninstall -y --purge",
    });
}

/** Helm's charts and kubectl. @param bundle directory of upstream's files */
export function byHelm(bundle: string): Path {
    const charts = join(bundle, "istio-1.25.1", "manifests", "charts");
    const install = (name: string, chart: string, flags: string) =>
        `helm upgrade --install ${name} ${join(charts, chart)} --namespace ${ISTIO_NAMESPACE} --set profile=demo ${flags}`;
    const hub = "--set global.hub=docker.io/istio --set global.tag=1.25.1";
    const istiod = install("istiod", "istio-control/istio-discovery", `${hub} --wait`);
    return byHand({
        name: "helm",
        bundle,
        istio: `${install("istio-base", "base", "--create-namespace")} && ${istiod}`,
        istioDifference: `${istiod} --dry-run=server > /dev/null`,
        withoutIstio: `helm uninstall istiod istio-base --namespace ${ISTIO_NAMESPACE} --wait`,
    });
}

interface ByHand {
    readonly name: string;
    readonly bundle: string;
    readonly istio: string;
    readonly istioDifference: string;
    readonly withoutIstio: string;
}

function byHand({ name, bundle, istio, istioDifference, withoutIstio }: ByHand): Path {
    const samples = join(bundle, "istio-1.25.1", "samples");
    const bookinfo = join(samples, "bookinfo", "platform", "kube", "bookinfo.yaml");
    const gateway = join(samples, "bookinfo", "gateway-api", "bookinfo-gateway.yaml");
    const addons = join(samples, "addons");
    const gatewayApi = join(bundle, "gateway-api-v1.2.1", "config", "crd");
    const inBookinfo = `--namespace ${BOOKINFO_NAMESPACE}`;
    const available = (namespace: string) =>
        `kubectl wait deployment --all --for=condition=Available --namespace ${namespace} ${WAIT}`;
    const serviceType = "networking.istio.io/service-type=NodePort";
    return {
        name,
        up: [
            istio,
            `kubectl create namespace ${BOOKINFO_NAMESPACE}`,
            `kubectl label namespace ${BOOKINFO_NAMESPACE} istio-injection=enabled`,
            `kubectl apply ${inBookinfo} -f ${bookinfo}`,
            `kubectl kustomize ${gatewayApi} | kubectl apply -f -`,
            // Whoever types is slower than this.
            `kubectl wait customresourcedefinition --all --for=condition=Established ${WAIT}`,
            `kubectl apply ${inBookinfo} -f ${gateway}`,
            `kubectl annotate ${inBookinfo} gateway bookinfo-gateway ${serviceType}`,
            `kubectl apply -f ${addons}`,
            `kubectl patch service kiali --namespace ${ISTIO_NAMESPACE} --patch '{"spec": {"type": "NodePort"}}'`,
            available(BOOKINFO_NAMESPACE),
            available(ISTIO_NAMESPACE),
            `kubectl rollout status statefulset/loki --namespace ${ISTIO_NAMESPACE} ${WAIT}`,
            `kubectl wait ${inBookinfo} gateway/bookinfo-gateway --for=condition=Programmed ${WAIT}`,
        ].join(" && "),
        // What the walkthrough itself has changed since (a node port, an annotation) is a difference: exit code 1.
        difference: [
            `{ ${istioDifference}; }`,
            `{ kubectl diff ${inBookinfo} -f ${bookinfo} -f ${gateway} || [ $? = 1 ]; }`,
            `{ kubectl kustomize ${gatewayApi} | kubectl diff -f - || [ $? = 1 ]; }`,
            `{ kubectl diff -f ${addons} || [ $? = 1 ]; }`,
        ].join(" && "),
        down: [
            `kubectl delete -f ${addons} --ignore-not-found`,
            `kubectl delete ${inBookinfo} -f ${gateway}`,
            `kubectl delete ${inBookinfo} -f ${bookinfo}`,
            withoutIstio,
            `kubectl delete namespace ${BOOKINFO_NAMESPACE} ${ISTIO_NAMESPACE} --ignore-not-found`,
        ].join(" && "),
    };
}
