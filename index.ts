import * as pulumi from "@pulumi/pulumi";
import { ADDONS, GATEWAY_API_CRDS, ISTIO_NAMESPACE, ISTIO_VERSION } from "@istio-on-pulumi/kube";
import {
    checkIdentity,
    checkRequirements,
    readHoldings,
    readNodeHosts,
    surveyCluster,
    surveyLokiStorage,
} from "./cluster";
import {
    Addons,
    BASE_RELEASE,
    Bookinfo,
    BookinfoGateway,
    Cluster,
    describeEndpoints,
    DestroyGuard,
    firstUrl,
    GatewayApiCrds,
    GENERATED_SERVICE,
    IstioControlPlane,
    MeshInspection,
    needsOf,
    plannedObjects,
    StackIdentity,
    stackMarks,
    Tracing,
} from "./components";
import { loadSettings } from "./config";
import { withPlainErrors } from "./errors";
import { readAddons, readGatewayApiCrds, readIstioCrdNames, UpstreamFiles } from "./upstream";

export = () =>
    withPlainErrors(async () => {
        const settings = loadSettings(pulumi.runtime.allConfig(), pulumi.getProject());
        const survey = await surveyCluster(settings);
        const upstream = UpstreamFiles.open({
            projectDir: pulumi.runtime.getRootDirectory(),
            bundleDir: settings.bundle,
        });
        // All files before the first resource: one that cannot be had must not leave half a stack behind.
        const charts = { base: await upstream.chart("base"), istiod: await upstream.chart("istiod") };
        const istioCrds = await readIstioCrdNames(upstream);
        const crdManifests = await readGatewayApiCrds(upstream, GATEWAY_API_CRDS);
        const addonManifests = await readAddons(
            upstream,
            ADDONS.filter((addon) => settings[addon]),
        );

        // Nothing in the cluster before it is known whose the cluster is, and whose what it holds.
        const identity = new StackIdentity("stack", { clusterUid: survey.uid });
        const recorded = await identity.recorded();
        checkIdentity(survey, settings.clusterUid ?? recorded?.clusterUid);
        const addonsArgs = {
            manifests: addonManifests,
            kiali: {
                serviceType: settings.kialiServiceType,
                nodePort: settings.kialiNodePort,
                access: settings.kialiAccess,
            },
            lokiStorage: await surveyLokiStorage(survey.client, settings),
            imageMirrors: settings.imageMirrors,
        };
        const planned = plannedObjects({
            bookinfoNamespace: settings.bookinfoNamespace,
            istioCrds,
            addons: addonsArgs,
        });
        const holdings = await readHoldings(survey, planned, {
            stack: recorded?.id,
            existingNamespaces: settings.existingNamespaces,
            baseRelease: BASE_RELEASE,
        });
        await checkRequirements(survey, holdings, needsOf({ ...settings, planned, addons: addonsArgs }));

        const hasNodePorts =
            settings.gatewayServiceType === "NodePort" || (settings.kiali && settings.kialiServiceType === "NodePort");
        const nodeHosts = hasNodePorts ? await readNodeHosts(survey.client, settings.nodeHost) : {};
        const { context } = survey.client;
        const { provider } = new Cluster("cluster", {
            kubeconfig: settings.kubeconfig,
            context,
            identifier: recorded?.clusterUid ?? survey.uid,
        });
        pulumi.runtime.registerResourceTransform(stackMarks(identity.id, provider));

        const gatewayApi = new GatewayApiCrds("gateway-api", {
            install: settings.gatewayApiCrds,
            manifests: crdManifests,
            installed: holdings.gatewayApiCrds,
            provider,
        });

        const istio = new IstioControlPlane(
            "istio",
            {
                charts,
                version: ISTIO_VERSION,
                hub: settings.istioHub,
                tag: settings.istioTag,
                imageMirrors: settings.imageMirrors,
                existingNamespace: holdings.usedNamespaces.includes(ISTIO_NAMESPACE),
                crds: istioCrds,
                managedCrds: holdings.managedCrds,
                client: survey.client,
                provider,
            },
            { dependsOn: [gatewayApi] },
        );

        const tracing = settings.jaeger ? [new Tracing("tracing", { provider }, { dependsOn: [istio] })] : [];

        const bookinfo = new Bookinfo(
            "bookinfo",
            {
                namespace: settings.bookinfoNamespace,
                existingNamespace: holdings.usedNamespaces.includes(settings.bookinfoNamespace),
                images: settings.bookinfoImages,
                imageMirrors: settings.imageMirrors,
                tag: settings.bookinfoTag,
                provider,
            },
            { dependsOn: [istio] },
        );

        const gateway = new BookinfoGateway(
            "bookinfo-gateway",
            {
                namespace: bookinfo.namespace.metadata.name,
                serviceType: settings.gatewayServiceType,
                nodePort: settings.gatewayNodePort,
                provider,
            },
            { dependsOn: [gatewayApi, istio] },
        );

        const addons = new Addons("addons", { ...addonsArgs, provider }, { dependsOn: [istio.namespace] });

        const inspection =
            settings.meshInspection === "off"
                ? undefined
                : new MeshInspection(
                      "mesh-inspection",
                      {
                          kubeconfig: settings.kubeconfig,
                          context,
                          namespaces: [istio.namespace.metadata.name, bookinfo.namespace.metadata.name],
                          node:
                              settings.meshInspection === "ssh"
                                  ? {
                                        host: settings.inspectionHost!,
                                        port: settings.inspectionPort,
                                        user: settings.inspectionUser,
                                        hostKey: settings.inspectionHostKey!,
                                        privateKey: settings.inspectionPrivateKey,
                                    }
                                  : undefined,
                          failOnProblem: settings.inspectionFails,
                          subjects: [
                              settings.istioHub,
                              settings.imageMirrors,
                              settings.istioTag,
                              ...[gateway.service, ...addons.services.values()].map(({ spec }) => spec.ports),
                              ...bookinfo.deployments.map(({ spec }) => spec),
                          ],
                      },
                      { dependsOn: [istio, bookinfo, gateway, addons] },
                  );

        const everything = [
            gatewayApi,
            istio,
            ...tracing,
            bookinfo,
            gateway,
            addons,
            ...(inspection ? [inspection] : []),
        ];
        new DestroyGuard(
            "destroy-guard",
            { kubeconfig: settings.kubeconfig, context, clusterUid: survey.uid },
            // The chart is a remote component, whose children a dependency on it does not include.
            {
                dependsOn: istio.istiod.resources.apply((children?: pulumi.Resource[]) => [
                    ...everything,
                    ...(children ?? []),
                ]),
            },
        );

        const endpoints = describeEndpoints({
            services: new Map([...addons.services, [GENERATED_SERVICE, gateway.service]]),
            istioNamespace: ISTIO_NAMESPACE,
            nodeHosts,
        });

        return {
            ...(settings.gatewayServiceType !== "ClusterIP" && { productpageUrl: firstUrl(endpoints.productpage) }),
            ...(settings.kiali && { kialiUrl: firstUrl(endpoints.kiali) }),
            endpoints,
            ...(inspection && { inspection: { ok: inspection.ok, findings: inspection.findings } }),
            versions: {
                istio: ISTIO_VERSION,
                istioImages: settings.istioTag,
                gatewayApi: gatewayApi.version,
                bookinfo: settings.bookinfoTag,
                kubernetes: survey.kubernetesVersion,
            },
        };
    });
