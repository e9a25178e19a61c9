import { X509Certificate } from "node:crypto";
import type { V1MutatingWebhook, V1MutatingWebhookConfiguration, V1Namespace } from "@kubernetes/client-node";
import { REVISION_LABEL } from "@istio-on-pulumi/kube";
import { type Finding, note, problem } from "../finding";
import type { ClusterSnapshot, ConfigMaps } from "../snapshot/snapshot";
import { type ControlPlane } from "./controlPlane";
import type { Scope } from "./scope";
import { matches } from "./selector";

/** A webhook configuration by which pods get their sidecars. */
export interface Injector {
    readonly name: string;
    readonly revision: string;
    readonly webhooks: readonly V1MutatingWebhook[];
    /** Why the API server gets no answer that it trusts from one of its webhooks, as far as can be seen. */
    readonly fault?: Fault;
    readonly created?: Date;
}

/** What a webhook has or does, and what to do. */
interface Fault {
    readonly code: string;
    readonly what: string;
    readonly remedy: string;
}

/** Codes of faults, and of control planes that are not ready. */
export const CONTROL_PLANE_CODES: ReadonlySet<string> = new Set([
    "injection/control-plane",
    "injection/no-injector",
    "injection/no-ca-bundle",
    "injection/ca-bundle",
    "injection/no-service",
    "injection/no-endpoints",
]);

/** The port of a Service that a webhook calls unless it says otherwise. */
const WEBHOOK_PORT = 443;
/** Where istiod keeps the bundle that it puts into its webhooks, too: in each namespace, its own among them. */
const rootCertificateOf = (namespace: string): string => `${namespace}/istio-ca-root-cert`;

const isInjecting = ({ name, clientConfig }: V1MutatingWebhook): boolean =>
    name.endsWith("sidecar-injector.istio.io") ||
    (clientConfig.service?.path ?? clientConfig.url ?? "").includes("/inject");

const injecting = ({ webhooks }: V1MutatingWebhookConfiguration) => (webhooks ?? []).filter(isInjecting);

/** The ConfigMaps, as `namespace/name`, that tell whether the injectors' webhooks trust istiod. */
export function rootCertificates({ webhooks }: ClusterSnapshot): string[] {
    const namespaces = webhooks
        .flatMap(injecting)
        .map(({ clientConfig }) => clientConfig.service?.namespace)
        .filter((namespace) => namespace !== undefined);
    return [...new Set(namespaces)].map(rootCertificateOf);
}

/** Whether the API server would ask one of these webhooks for a pod with such labels in this namespace. */
export function isAsked(
    webhooks: readonly V1MutatingWebhook[],
    { metadata }: V1Namespace,
    podLabels: Readonly<Record<string, string>>,
): boolean {
    const labels = { "kubernetes.io/metadata.name": metadata?.name ?? "", ...metadata?.labels };
    return webhooks.some(
        ({ namespaceSelector, objectSelector }) =>
            matches(namespaceSelector, labels) && matches(objectSelector, podLabels),
    );
}

export function findInjectors(snapshot: ClusterSnapshot, configMaps: ConfigMaps): Injector[] {
    return snapshot.webhooks.flatMap((configuration): Injector[] => {
        const webhooks = injecting(configuration);
        if (webhooks.length === 0) return [];
        const { metadata } = configuration;
        const name = metadata?.name ?? "";
        const faults = webhooks.map(
            ({ clientConfig }) => serviceFault(name, clientConfig, snapshot) ?? bundleFault(clientConfig, configMaps),
        );
        return [
            {
                name,
                revision: metadata?.labels?.[REVISION_LABEL] ?? "default",
                webhooks,
                fault: faults.find((fault) => fault !== undefined),
                ...(metadata?.creationTimestamp && { created: new Date(metadata.creationTimestamp) }),
            },
        ];
    });
}

/** A webhook that nobody of the scope's namespaces needs is worth a note; one that their pods wait for is a problem. */
export function checkInjectors(
    hooks: readonly Injector[],
    planes: readonly ControlPlane[],
    snapshot: ClusterSnapshot,
    scope: Scope,
): Finding[] {
    return hooks.flatMap(({ name, revision, webhooks, fault }): Finding[] => {
        if (!fault) return [];
        // That no pod of it is ready says the control plane's own finding.
        const waiting = planes.some((plane) => !plane.ready && plane.revision === revision);
        if (fault.code === "injection/no-endpoints" && waiting) return [];
        const outcome = webhooks.every(({ failurePolicy }) => failurePolicy === "Ignore")
            ? "so pods that it is asked for start without a sidecar"
            : "so the API server rejects every pod that it is asked for";
        const say = isNeeded(webhooks, snapshot, scope) ? problem : note;
        return [say(fault.code, name, `The webhook ${name} ${fault.what}, ${outcome}; ${fault.remedy}`)];
    });
}

/** Whether pods of the scope's namespaces wait for it. */
export function isNeeded(webhooks: readonly V1MutatingWebhook[], snapshot: ClusterSnapshot, scope: Scope): boolean {
    return snapshot.namespaces
        .filter(({ metadata }) => scope.namespaces.has(metadata?.name ?? ""))
        .some((namespace) => {
            const inIt = (object: { metadata?: { namespace?: string } }) =>
                object.metadata?.namespace === namespace.metadata?.name;
            const labels = [
                {},
                ...snapshot.deployments.filter(inIt).map(({ spec }) => spec?.template.metadata?.labels ?? {}),
                ...snapshot.pods.filter(inIt).map(({ metadata }) => metadata?.labels ?? {}),
            ];
            return labels.some((each) => isAsked(webhooks, namespace, each));
        });
}

type ClientConfig = V1MutatingWebhook["clientConfig"];

function serviceFault(
    webhook: string,
    { service }: ClientConfig,
    { services, endpointSlices }: ClusterSnapshot,
): Fault | undefined {
    if (!service) return undefined;
    const { namespace, name, port = WEBHOOK_PORT } = service;
    const isIt = (object: { namespace?: string; name?: string } | undefined) =>
        object?.namespace === namespace && object.name === name;
    const found = services.find(({ metadata }) => isIt(metadata));
    const what = `calls ${port === WEBHOOK_PORT ? "" : `port ${port} of `}the Service ${namespace}/${name}`;
    if (!found)
        return {
            code: "injection/no-service",
            what: `${what}, which does not exist`,
            remedy:
                "install the istiod that it belongs to, or, if an earlier one left it over, remove it with: kubectl " +
                `delete mutatingwebhookconfiguration ${webhook}`,
        };
    if (found.spec?.type === "ExternalName") return undefined;
    if (!found.spec?.ports?.some((each) => each.port === port))
        return {
            code: "injection/no-service",
            what: `calls port ${port} of the Service ${namespace}/${name}, which has no such port`,
            remedy: `see: kubectl -n ${namespace} describe service ${name}`,
        };
    const ready = endpointSlices.some(
        ({ metadata, endpoints }) =>
            isIt({ namespace: metadata?.namespace, name: metadata?.labels?.["kubernetes.io/service-name"] }) &&
            endpoints?.some(({ conditions }) => conditions?.ready !== false),
    );
    if (ready) return undefined;
    return {
        code: "injection/no-endpoints",
        what: `${what}, behind which no pod is ready`,
        remedy: `see: kubectl -n ${namespace} describe service ${name}`,
    };
}

function bundleFault({ caBundle, service }: ClientConfig, configMaps: ConfigMaps): Fault | undefined {
    const remedy = "restart istiod, which sets it at its start.";
    // Without one the API server trusts what its machine trusts: a managed control plane's URL may be among it.
    if (!caBundle) return service && { code: "injection/no-ca-bundle", what: "has no caBundle", remedy };
    const fault = (what: string) => ({ code: "injection/ca-bundle", what, remedy });
    const trusted = certificatesOf(Buffer.from(caBundle, "base64").toString());
    if (trusted.length === 0) return fault("has a caBundle without a certificate");
    const valid = trusted.filter(({ validTo }) => new Date(validTo).getTime() > Date.now());
    if (valid.length === 0)
        return fault(`has a caBundle that expired on ${new Date(trusted[0]!.validTo).toISOString().slice(0, 10)}`);
    const key = rootCertificateOf(service?.namespace ?? "");
    const own = certificatesOf(configMaps.get(key)?.["root-cert.pem"] ?? "");
    if (own.length === 0) return undefined;
    return valid.some(({ fingerprint256 }) => own.some((each) => each.fingerprint256 === fingerprint256))
        ? undefined
        : fault(`has the caBundle of another certificate authority than istiod's (ConfigMap ${key})`);
}

function certificatesOf(pem: string): X509Certificate[] {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    return blocks.flatMap((block) => {
        try {
            return [new X509Certificate(block)];
        } catch {
            return [];
        }
    });
}
