import * as pulumi from "@pulumi/pulumi";
import { ADDONS, GATEWAY_API_CRDS, ISTIO_NAMESPACE, ISTIO_VERSION } from "@istio-on-pulumi/kube";
import { checkLokiStorage, nodeHost, surveyCluster } from "./cluster";
import {
    Addons,
    Bookinfo,
    BookinfoGateway,
    Cluster,
    describeEndpoints,
    firstUrl,
    GatewayApiCrds,
    GENERATED_SERVICE,
    IstioControlPlane,
    MeshInspection,
    mirrored,
} from "./components";
import { loadSettings } from "./config";
import { withPlainErrors } from "./errors";
import { readAddons, readGatewayApiCrds, UpstreamFiles } from "./upstream";

export = () =>
    withPlainErrors(async () => {
        const settings = loadSettings(pulumi.runtime.allConfig(), pulumi.getProject());
        const survey = await surveyCluster(settings, GATEWAY_API_CRDS);
        const upstream = UpstreamFiles.open({
            projectDir: pulumi.runtime.getRootDirectory(),
            bundleDir: settings.bundle,
        });
        const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
        if (settings.loki) {
            checkLokiStorage(settings.lokiStorageClass, survey);
        }
        const host = nodeHost(settings.nodeHost, survey);
        // All files before the first resource: one that cannot be had must not leave half a stack behind.
        const charts = { base: await upstream.chart("base"), istiod: await upstream.chart("istiod") };
        const crdManifests = await readGatewayApiCrds(upstream, GATEWAY_API_CRDS);
        const addonManifests = await readAddons(
            upstream,
            ADDONS.filter((addon) => settings[addon]),
        );

        const cluster = new Cluster("cluster", {
            kubeconfig: settings.kubeconfig,
            context: survey.context,
            identifier: stack,
        });
        const { provider } = cluster;

        const gatewayApi = new GatewayApiCrds("gateway-api", {
            install: settings.gatewayApiCrds,
            manifests: crdManifests,
            installed: survey.crds,
            owner: stack,
            adoptingProvider: cluster.adoptingProvider,
        });

        const hub = mirrored(settings.istioHub, settings.imageMirrors);
        const istio = new IstioControlPlane(
            "istio",
            {
                charts,
                version: ISTIO_VERSION,
                hub,
                tag: settings.istioTag,
                provider,
            },
            { dependsOn: [gatewayApi] },
        );

        const bookinfo = new Bookinfo(
            "bookinfo",
            {
                namespace: settings.bookinfoNamespace,
                images: mirrored(settings.bookinfoImages, settings.imageMirrors),
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

        const addons = new Addons(
            "addons",
            {
                manifests: addonManifests,
                kialiNodePort: settings.kialiNodePort,
                lokiStorage: { className: settings.lokiStorageClass, size: settings.lokiStorageSize },
                imageMirrors: settings.imageMirrors,
                provider,
            },
            { dependsOn: [istio.namespace] },
        );

        const inspection =
            settings.meshInspection === "off"
                ? undefined
                : new MeshInspection(
                      "mesh-inspection",
                      {
                          kubeconfig: settings.kubeconfig,
                          context: survey.context,
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
                              hub,
                              settings.istioTag,
                              ...[gateway.service, ...addons.services.values()].map(({ spec }) => spec.ports),
                              ...bookinfo.deployments.map(({ spec }) => spec),
                          ],
                      },
                      { dependsOn: [istio, bookinfo, gateway, addons] },
                  );

        const endpoints = describeEndpoints({
            services: new Map([...addons.services, [GENERATED_SERVICE, gateway.service]]),
            istioNamespace: ISTIO_NAMESPACE,
            nodeHost: host,
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
