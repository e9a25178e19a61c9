import * as pulumi from "@pulumi/pulumi";
import { ADDONS, ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import {
    checkControlPlanes,
    checkIdentity,
    checkRequirements,
    checkWrites,
    lacksVolume,
    LOKI_VOLUME,
    managedCrds,
    type NodeHosts,
    type PlannedObject,
    PROMETHEUS_VOLUME,
    readHoldings,
    readNodeHosts,
    surveyCluster,
} from "../cluster";
import type { AddonsArgs } from "../components";
import { BASE_RELEASE } from "../components/internal";
import { istioVersions as versionsOf, type StackSettings } from "../config";
import { gatewayApiCrdNames, readAddons, readGatewayApiCrds, readIstioCrdNames, UpstreamFiles } from "../upstream";
import { gatewayPlace } from "./gateway";
import { needsOf } from "./needs";
import { plannedObjects } from "./planned";
import { podSecurityLabels } from "./podSecurity";
import { StackIdentity } from "./stackIdentity";

/**
 * All that has to be known before anything in the cluster is registered: upstream's files, whose the cluster is, whose
 * what it holds, and whether it can be what the settings want.
 *
 * It registers the stack's identity and nothing else.
 * @throws UserError in one sentence or list where the stack cannot be brought up
 */
export async function prepareStack(settings: StackSettings) {
    const istioVersions = versionsOf(settings.istio);
    const { controlPlanes } = istioVersions;
    // The cluster, the engine and the disk are asked beside each other, and what fails is told in this order.
    const files = begun(readFiles(settings, istioVersions));
    const survey = await surveyCluster(settings.cluster);
    const identity = new StackIdentity("stack", { clusterUid: survey.uid, id: settings.cluster.stackIdentity });
    const { istioCrds, gatewayApiCrds, installed, manifests } = await files;
    const addons = addonsOf(settings, istioVersions.defaultVersion, installed);
    const gateway = gatewayPlace(settings);
    const bookinfoNamespace = settings.bookinfo.enabled ? settings.bookinfo.namespace : undefined;
    const planned = plannedObjects({
        bookinfoNamespace,
        networkPolicies: settings.bookinfo.networkPolicies,
        gateway,
        strictMtls: settings.mtls.mode === "STRICT",
        controlPlanes,
        istiodValues: settings.istio.values,
        istioCrds,
        gatewayApiCrds,
        addons,
        manifests,
    });
    const known = await identity.known();
    checkIdentity(survey, settings.cluster.uid ?? known.clusterUid);

    // Asked beside each other, and told one after the other.
    const volumes = begun(
        Promise.all([
            lacksVolume(survey.client, LOKI_VOLUME, settings.addons.loki),
            lacksVolume(survey.client, PROMETHEUS_VOLUME, settings.addons.prometheus),
        ]),
    );
    const steps = begun(checkControlPlanes(survey, known.id, controlPlanes));
    const exposed = [...(gateway ? [settings.gateway] : []), ...installed.map((addon) => settings.addons[addon])];
    const hasNodePorts = exposed.some(({ serviceType }) => serviceType === "NodePort");
    const hosts = begun(
        hasNodePorts ? readNodeHosts(survey.client, settings.cluster.nodeHost) : Promise.resolve<NodeHosts>({}),
    );

    const held = begun(
        readHoldings(survey, planned, {
            stack: known.id,
            existingNamespaces: settings.namespaces.existing,
            baseRelease: BASE_RELEASE,
        }),
    );
    const [loki, prometheus] = await volumes;
    const unbound = [...(loki ? ["loki"] : []), ...(prometheus ? ["prometheus"] : [])];
    const holdings = await held;
    /** A namespace that somebody else made has the level that he wants. */
    const levelOf = (name: string) => (holdings.usedNamespaces.includes(name) ? {} : podSecurityLabels(settings, name));
    const isPreview = pulumi.runtime.isDryRun();
    if (!isPreview && holdings.holds("Namespace", ISTIO_NAMESPACE)) await checkWrites(survey.client, ISTIO_NAMESPACE);
    const { install } = settings.gatewayApi;
    const remedy = "pulumi config set --path gatewayApi.install always";
    const ownCrds = managedCrds(install, holdings.gatewayApiCrds, gatewayApiCrds, remedy);
    // What is left to others takes no rights.
    const isLeft = ({ part, kind, name }: PlannedObject) =>
        kind === "CustomResourceDefinition" &&
        (part === "gatewayApi" ? !ownCrds.includes(name) : holdings.managedCrds.includes(name));
    const needs = needsOf({
        istioVersion: istioVersions.crdsVersion,
        planned: planned.filter((object) => !isLeft(object)),
        isPreview,
        addons,
        manifests,
        bookinfoNamespace,
        gateway: gateway && { ...settings.gateway, ...gateway },
        kialiNodePort: settings.addons.kiali.nodePort,
        istiodValues: settings.istio.values,
        bringsLevel: (name) => Object.keys(levelOf(name)).length > 0,
    });
    const requirements = begun(checkRequirements(survey, holdings, needs));
    await steps;
    await requirements;
    const nodeHosts = await hosts;
    const namespaces = planned.filter(({ kind }) => kind === "Namespace").map(({ name }) => name);
    return {
        istioVersions,
        survey,
        identity,
        known,
        holdings,
        levelOf,
        addons: { ...addons, unbound },
        gateway,
        nodeHosts,
        namespaces,
    };
}

/** All of upstream's: one that cannot be had must not leave half a stack behind. What is read again later is kept. */
async function readFiles(settings: StackSettings, { controlPlanes, crdsVersion, defaultVersion }: IstioVersions) {
    const upstream = UpstreamFiles.open({
        projectDir: pulumi.runtime.getRootDirectory(),
        bundleDir: settings.bundle,
    });
    await upstream.chart("base", crdsVersion);
    for (const version of new Set(Object.values(controlPlanes))) await upstream.chart("istiod", version);
    const istioCrds = await readIstioCrdNames(upstream, crdsVersion);
    const gatewayApiCrds = gatewayApiCrdNames(settings.gatewayApi.version);
    await readGatewayApiCrds(upstream, settings.gatewayApi.version, gatewayApiCrds);
    const installed = ADDONS.filter((addon) => settings.addons[addon].enabled);
    return { istioCrds, gatewayApiCrds, installed, manifests: await readAddons(upstream, defaultVersion, installed) };
}

type IstioVersions = ReturnType<typeof versionsOf>;

/** What fails is told where it is awaited, however early it fails. */
function begun<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return work;
}

function addonsOf({ addons, registry, bundle }: StackSettings, version: string, installed: string[]): AddonsArgs {
    const { kiali, jaeger, prometheus, grafana, loki } = addons;
    return {
        version,
        addons: installed,
        kiali: { serviceType: kiali.serviceType, nodePort: kiali.nodePort, access: kiali.access },
        loki: { storageClass: loki.storageClass, storageSize: loki.storageSize, retention: loki.retention },
        prometheus: {
            storageClass: prometheus.storageClass,
            storageSize: prometheus.storageSize,
            retention: prometheus.retention,
        },
        serviceTypes: {
            jaeger: jaeger.serviceType,
            prometheus: prometheus.serviceType,
            grafana: grafana.serviceType,
            loki: loki.serviceType,
        },
        imageMirrors: registry.mirrors,
        pullSecrets: registry.pullSecrets,
        bundle,
    };
}
