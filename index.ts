import * as pulumi from "@pulumi/pulumi";
import { ADDONS, GATEWAY_API_CRDS, ISTIO_NAMESPACE, ISTIO_VERSION } from "@istio-on-pulumi/kube";
import {
    checkIdentity,
    checkRequirements,
    managedCrds,
    readHoldings,
    readNodeHosts,
    surveyCluster,
    surveyLokiStorage,
} from "./cluster";
import {
    Addons,
    Bookinfo,
    GatewayApiCrds,
    IngressGateway,
    IstioControlPlane,
    MeshInspection,
    Tracing,
} from "./components";
import { BASE_RELEASE } from "./components/internal";
import { loadSettings } from "./config";
import { withPlainErrors } from "./errors";
import {
    Cluster,
    describeEndpoints,
    DestroyGuard,
    firstUrl,
    GATEWAY,
    GENERATED_SERVICE,
    needsOf,
    plannedObjects,
    StackIdentity,
    stackMarks,
} from "./stack";
import { readAddons, readGatewayApiCrds, readIstioCrdNames, UpstreamFiles } from "./upstream";

export = () =>
    withPlainErrors(async () => {
        const settings = loadSettings(pulumi.runtime.allConfig(), pulumi.getProject());
        const survey = await surveyCluster(settings);
        const upstream = UpstreamFiles.open({
            projectDir: pulumi.runtime.getRootDirectory(),
            bundleDir: settings.bundle,
        });
        // All files before the first resource: one that cannot be had must not leave half a stack behind. What the
        // components read again is kept here.
        await Promise.all([upstream.chart("base"), upstream.chart("istiod")]);
        const istioCrds = await readIstioCrdNames(upstream);
        await readGatewayApiCrds(upstream, GATEWAY_API_CRDS);
        const installed = ADDONS.filter((addon) => settings[addon]);
        const manifests = await readAddons(upstream, installed);

        // Nothing in the cluster before it is known whose the cluster is, and whose what it holds.
        const identity = new StackIdentity("stack", { clusterUid: survey.uid });
        const recorded = await identity.recorded();
        checkIdentity(survey, settings.clusterUid ?? recorded?.clusterUid);
        const lokiStorage = await surveyLokiStorage(survey.client, settings);
        const addonsArgs = {
            addons: installed,
            kiali: {
                serviceType: settings.kialiServiceType,
                nodePort: settings.kialiNodePort,
                access: settings.kialiAccess,
            },
            loki: { storageClass: settings.lokiStorageClass, storageSize: settings.lokiStorageSize },
            imageMirrors: settings.imageMirrors,
            bundle: settings.bundle,
        };
        const planned = plannedObjects({
            bookinfoNamespace: settings.bookinfoNamespace,
            istioCrds,
            addons: addonsArgs,
            manifests,
        });
        const holdings = await readHoldings(survey, planned, {
            stack: recorded?.id,
            existingNamespaces: settings.existingNamespaces,
            baseRelease: BASE_RELEASE,
        });
        await checkRequirements(survey, holdings, needsOf({ ...settings, planned, addons: addonsArgs, manifests }));
        managedCrds(settings.gatewayApiCrds, holdings.gatewayApiCrds, "pulumi config set gatewayApiCrds always");

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

        const { bundle, imageMirrors } = settings;
        const gatewayApi = new GatewayApiCrds(
            "gateway-api",
            { install: settings.gatewayApiCrds, installed: [...holdings.gatewayApiCrds], bundle },
            { provider },
        );

        const istio = new IstioControlPlane(
            "istio",
            {
                hub: settings.istioHub,
                tag: settings.istioTag,
                imageMirrors,
                existingNamespace: holdings.usedNamespaces.includes(ISTIO_NAMESPACE),
                excludedCrds: [...holdings.managedCrds],
                bundle,
            },
            { provider, dependsOn: [gatewayApi] },
        );

        const tracing = settings.jaeger ? [new Tracing("tracing", {}, { provider, dependsOn: [istio] })] : [];

        const bookinfo = new Bookinfo(
            "bookinfo",
            {
                namespace: settings.bookinfoNamespace,
                existingNamespace: holdings.usedNamespaces.includes(settings.bookinfoNamespace),
                images: settings.bookinfoImages,
                imageMirrors,
                tag: settings.bookinfoTag,
            },
            { provider, dependsOn: [istio] },
        );

        const gateway = new IngressGateway(
            GATEWAY,
            {
                namespace: bookinfo.namespace,
                serviceType: settings.gatewayServiceType,
                nodePort: settings.gatewayNodePort,
                routes: [bookinfo.route],
            },
            // As it was called before 0.2.
            { provider, dependsOn: [gatewayApi, istio], aliases: [{ type: "istio-on-pulumi:index:BookinfoGateway" }] },
        );

        const addons = new Addons(
            "addons",
            { ...addonsArgs, lokiUnbound: !lokiStorage.bound },
            { provider, dependsOn: [istio.namespaceResource] },
        );
        const services = await addons.services;

        const inspection =
            settings.meshInspection === "off"
                ? undefined
                : new MeshInspection(
                      "mesh-inspection",
                      {
                          kubeconfig: settings.kubeconfig,
                          context,
                          namespaces: [istio.namespace, bookinfo.namespace],
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
                              ...[gateway.service, ...services.values()].map(({ spec }) => spec.ports),
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
            services: new Map([...services, [GENERATED_SERVICE, gateway.service]]),
            istiod: istio.endpoint,
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
