import * as pulumi from "@pulumi/pulumi";
import { ADDONS, GATEWAY_API_CRDS, ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import {
    checkIdentity,
    checkRequirements,
    LOKI_VOLUME,
    PROMETHEUS_VOLUME,
    readHoldings,
    readNodeHosts,
    surveyCluster,
    surveyStorage,
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
    gatewayName,
    gatewayUrl,
    generatedService,
    IstioControlPlane,
    MeshInspection,
    needsOf,
    plannedObjects,
    StackIdentity,
    stackMarks,
    StrictMtls,
    Tracing,
} from "./components";
import { loadSettings } from "./config";
import { withPlainErrors } from "./errors";
import { readAddons, readGatewayApiCrds, readIstioCrdNames, UpstreamFiles } from "./upstream";

export = () =>
    withPlainErrors(async () => {
        const settings = loadSettings(pulumi.runtime.allConfig(), pulumi.getProject());
        const { registry } = settings;
        const { existing: existingNamespaces, ...namespaceMetadata } = settings.namespaces;
        const imagePulls = { imageMirrors: registry.mirrors, pullSecrets: registry.pullSecrets };
        const survey = await surveyCluster(settings.cluster);
        const upstream = UpstreamFiles.open({
            projectDir: pulumi.runtime.getRootDirectory(),
            bundleDir: settings.bundle,
        });
        // All files before the first resource: one that cannot be had must not leave half a stack behind.
        const charts = { base: await upstream.chart("base"), istiod: await upstream.chart("istiod") };
        const istioCrds = await readIstioCrdNames(upstream);
        const crdManifests = await readGatewayApiCrds(upstream, GATEWAY_API_CRDS);
        const { kiali, jaeger, prometheus, grafana, loki } = settings.addons;
        const addonManifests = await readAddons(
            upstream,
            ADDONS.filter((addon) => settings.addons[addon].enabled),
        );

        // Nothing in the cluster before it is known whose the cluster is, and whose what it holds.
        const identity = new StackIdentity("stack", { clusterUid: survey.uid });
        const recorded = await identity.recorded();
        checkIdentity(survey, settings.cluster.uid ?? recorded?.clusterUid);
        const addonsArgs = {
            manifests: addonManifests,
            kiali,
            loki: {
                storage: await surveyStorage(survey.client, LOKI_VOLUME, loki),
                retention: loki.retention,
            },
            prometheus: {
                storage: await surveyStorage(survey.client, PROMETHEUS_VOLUME, prometheus),
                retention: prometheus.retention,
            },
            serviceTypes: {
                jaeger: jaeger.serviceType,
                prometheus: prometheus.serviceType,
                grafana: grafana.serviceType,
                loki: loki.serviceType,
            },
            ...imagePulls,
        };
        const bookinfoNamespace = settings.bookinfo.enabled ? settings.bookinfo.namespace : undefined;
        const hasOwnPlace = settings.gateway.namespace !== undefined;
        const gatewayNamespace = settings.gateway.namespace ?? bookinfoNamespace;
        const planned = plannedObjects({
            bookinfoNamespace,
            gatewayNamespace: settings.gateway.namespace,
            strictMtls: settings.mtls.mode === "STRICT",
            istioCrds,
            addons: addonsArgs,
        });
        const holdings = await readHoldings(survey, planned, {
            stack: recorded?.id,
            existingNamespaces,
            baseRelease: BASE_RELEASE,
        });
        const needs = needsOf({
            planned,
            addons: addonsArgs,
            bookinfoNamespace,
            gateway:
                gatewayNamespace === undefined
                    ? undefined
                    : {
                          ...settings.gateway,
                          namespace: gatewayNamespace,
                          service: generatedService(hasOwnPlace),
                      },
            istiodValues: settings.istio.values,
        });
        await checkRequirements(survey, holdings, needs);

        const exposed = [
            ...(gatewayNamespace ? [settings.gateway] : []),
            ...ADDONS.map((addon) => settings.addons[addon]).filter(({ enabled }) => enabled),
        ];
        const hasNodePorts = exposed.some(({ serviceType }) => serviceType === "NodePort");
        const nodeHosts = hasNodePorts ? await readNodeHosts(survey.client, settings.cluster.nodeHost) : {};
        const { context } = survey.client;
        const { provider } = new Cluster("cluster", {
            kubeconfig: settings.cluster.kubeconfig,
            context,
            identifier: recorded?.clusterUid ?? survey.uid,
        });
        pulumi.runtime.registerResourceTransform(stackMarks(identity.id, provider));

        const gatewayApi = new GatewayApiCrds("gateway-api", {
            install: settings.gatewayApi.install,
            manifests: crdManifests,
            installed: holdings.gatewayApiCrds,
            provider,
        });

        const istio = new IstioControlPlane(
            "istio",
            {
                charts,
                ...settings.istio,
                ...imagePulls,
                existingNamespace: holdings.usedNamespaces.includes(ISTIO_NAMESPACE),
                namespaceMetadata,
                crds: istioCrds,
                managedCrds: holdings.managedCrds,
                client: survey.client,
                provider,
            },
            { dependsOn: [gatewayApi] },
        );

        const meshWide = [
            ...(jaeger.enabled
                ? [new Tracing("tracing", { sampling: jaeger.sampling, provider }, { dependsOn: [istio] })]
                : []),
            ...(settings.mtls.mode === "STRICT" ? [new StrictMtls("mtls", { provider }, { dependsOn: [istio] })] : []),
        ];

        const bookinfo =
            bookinfoNamespace === undefined
                ? undefined
                : new Bookinfo(
                      "bookinfo",
                      {
                          namespace: bookinfoNamespace,
                          existingNamespace: holdings.usedNamespaces.includes(bookinfoNamespace),
                          namespaceMetadata,
                          images: settings.bookinfo.images,
                          tag: settings.bookinfo.tag,
                          ...imagePulls,
                          provider,
                      },
                      { dependsOn: [istio] },
                  );

        const gateway =
            gatewayNamespace === undefined
                ? undefined
                : new BookinfoGateway(
                      "bookinfo-gateway",
                      {
                          ...settings.gateway,
                          namespace: hasOwnPlace
                              ? {
                                    own: gatewayNamespace,
                                    existing: holdings.usedNamespaces.includes(gatewayNamespace),
                                    ...namespaceMetadata,
                                }
                              : { bookinfo: bookinfo!.namespace.metadata.name },
                          bookinfoNamespace: bookinfo?.namespace.metadata.name,
                          provider,
                      },
                      { dependsOn: [gatewayApi, istio] },
                  );

        const addons = new Addons("addons", { ...addonsArgs, provider }, { dependsOn: [istio.namespace] });

        const everything = [gatewayApi, istio, ...meshWide, bookinfo, gateway, addons].filter(
            (part) => part !== undefined,
        );
        const { mode, fails, ...node } = settings.inspection;
        const inspection =
            mode === "off"
                ? undefined
                : new MeshInspection(
                      "mesh-inspection",
                      {
                          kubeconfig: settings.cluster.kubeconfig,
                          context,
                          namespaces: [istio.namespace, bookinfo?.namespace, gateway?.ownNamespace].flatMap(
                              (namespace) => namespace?.metadata.name ?? [],
                          ),
                          node: mode === "ssh" ? { ...node, host: node.host!, hostKey: node.hostKey! } : undefined,
                          failOnProblem: fails,
                          subjects: [
                              settings.istio.hub,
                              registry.mirrors,
                              settings.istio.tag,
                              ...[...(gateway ? [gateway.service] : []), ...addons.services.values()].map(
                                  ({ spec }) => spec.ports,
                              ),
                              ...(bookinfo?.deployments ?? []).map(({ spec }) => spec),
                          ],
                      },
                      { dependsOn: everything },
                  );

        const guarded = inspection ? [...everything, inspection] : everything;
        new DestroyGuard(
            "destroy-guard",
            { kubeconfig: settings.cluster.kubeconfig, context, clusterUid: survey.uid },
            // The chart is a remote component, whose children a dependency on it does not include.
            {
                dependsOn: istio.istiod.resources.apply((children?: pulumi.Resource[]) => [
                    ...guarded,
                    ...(children ?? []),
                ]),
            },
        );

        const hostname = settings.gateway.hostnames.find((name) => !name.startsWith("*"));
        const endpointArgs = {
            services: addons.services,
            gateway: gateway && {
                service: gateway.service,
                name: generatedService(hasOwnPlace),
                leadsToBookinfo: bookinfo !== undefined,
                hostname,
            },
            istioNamespace: ISTIO_NAMESPACE,
            nodeHosts,
        };
        const endpoints = describeEndpoints(endpointArgs);

        return {
            ...(endpoints.productpage &&
                settings.gateway.serviceType !== "ClusterIP" && { productpageUrl: firstUrl(endpoints.productpage) }),
            ...(kiali.enabled && { kialiUrl: firstUrl(endpoints.kiali) }),
            endpoints,
            // What the stack of an application needs to know of this one.
            mesh: {
                namespace: istio.namespace.metadata.name,
                revision: "default",
                injectionLabels: { "istio-injection": "enabled" },
                ...(gateway && {
                    gateway: {
                        name: gatewayName(hasOwnPlace),
                        namespace: gateway.namespace,
                        takesRoutesFrom: hasOwnPlace ? "All" : "Same",
                        address: pulumi.interpolate`${generatedService(hasOwnPlace)}.${gateway.namespace}.svc`,
                        url: gatewayUrl(endpointArgs),
                    },
                }),
            },
            ...(inspection && { inspection: { ok: inspection.ok, findings: inspection.findings } }),
            versions: {
                istio: settings.istio.version,
                istioImages: settings.istio.tag,
                gatewayApi: gatewayApi.version,
                ...(bookinfo && { bookinfo: settings.bookinfo.tag }),
                kubernetes: survey.kubernetesVersion,
            },
        };
    });
