import * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE, WITHOUT_REVISION } from "@istio-on-pulumi/kube";
import { watchForBlocked } from "./cluster";
import {
    Addons,
    Bookinfo,
    GatewayApiCrds,
    IngressGateway,
    IstioControlPlane,
    IstioRevision,
    MeshInspection,
    MutualTls,
    Tracing,
} from "./components";
import { loadSettings } from "./config";
import { withPlainErrors } from "./errors";
import { Cluster, describeEndpoints, DestroyGuard, firstUrl, gatewayUrl, prepareStack, stackMarks } from "./stack";

// The SDK takes a stack trace for every promise, and leads each frame of it back to TypeScript: with ten frames that is
// a twelfth of what a preview takes of the processor. Where an error comes from is in the first ones.
Error.stackTraceLimit = 3;

export = () =>
    withPlainErrors(async () => {
        const settings = loadSettings(pulumi.runtime.allConfig(), pulumi.getProject());
        // Nothing in the cluster before all that can be known is known.
        const prepared = await prepareStack(settings);
        const { survey, identity, known, holdings, istioVersions: versions } = prepared;
        const { kubeconfig } = settings.cluster;
        const { context } = survey.client;
        const { provider } = new Cluster("cluster", {
            kubeconfig,
            context,
            identifier: known.clusterUid ?? survey.uid,
        });
        pulumi.runtime.registerResourceTransform(stackMarks(identity.id, provider));

        if (!pulumi.runtime.isDryRun()) {
            void watchForBlocked(survey.client, prepared.namespaces, (blocked) => void pulumi.log.warn(blocked));
        }

        const { bundle, registry } = settings;
        const images = { imageMirrors: registry.mirrors, pullSecrets: registry.pullSecrets };
        const namespaceArgs = (name: string) => ({
            existingNamespace: holdings.usedNamespaces.includes(name),
            namespaceLabels: { ...prepared.levelOf(name), ...settings.namespaces.labels },
            namespaceAnnotations: settings.namespaces.annotations,
        });

        const gatewayApi = new GatewayApiCrds(
            "gateway-api",
            { ...settings.gatewayApi, installed: [...holdings.gatewayApiCrds], bundle },
            { provider },
        );

        const { version, hub, tag, values, defaultRevision, onlyRevisions } = settings.istio;
        const istio = new IstioControlPlane(
            "istio",
            {
                version,
                hub,
                tag,
                values,
                ...images,
                ...namespaceArgs(ISTIO_NAMESPACE),
                gatewayApiCrds: gatewayApi.managed,
                excludedCrds: [...holdings.managedCrds],
                crdsVersion: versions.crdsVersion,
                defaultRevision,
                withoutIstiod: onlyRevisions,
                bundle,
            },
            { provider },
        );
        const revisions = Object.entries(settings.istio.revisions).map(
            ([revision, release]) =>
                new IstioRevision(
                    `istio-${revision}`,
                    {
                        revision,
                        version: release,
                        isDefault: revision === defaultRevision,
                        hub,
                        values,
                        ...images,
                        bundle,
                    },
                    { provider, dependsOn: [gatewayApi, istio] },
                ),
        );
        const controlPlanes = [istio, ...revisions];
        const inMesh = { provider, dependsOn: controlPlanes };

        const { jaeger, kiali } = settings.addons;
        const tracing = jaeger.enabled ? new Tracing("tracing", { percentage: jaeger.sampling }, inMesh) : undefined;
        const mtls = settings.mtls.mode === "STRICT" ? new MutualTls("mtls", {}, inMesh) : undefined;

        const place = prepared.gateway;
        const sample = settings.bookinfo;
        const bookinfo = sample.enabled
            ? new Bookinfo(
                  "bookinfo",
                  {
                      namespace: sample.namespace,
                      ...namespaceArgs(sample.namespace),
                      revision: sample.revision,
                      images: sample.images,
                      tag: sample.tag,
                      ...images,
                      ...(sample.networkPolicies && {
                          networkPolicies: { gateway: place!.name, gatewayNamespace: place!.namespace },
                      }),
                  },
                  inMesh,
              )
            : undefined;

        const { serviceType, nodePort, hostnames, tlsSecret } = settings.gateway;
        const gateway =
            place &&
            // One name wherever it is: under another, its route would be a second resource of the same object, and the
            // end of the first would delete it.
            new IngressGateway(
                "bookinfo-gateway",
                {
                    gatewayName: place.name,
                    ...(place.isOwn
                        ? { namespace: place.namespace, ownNamespace: true, ...namespaceArgs(place.namespace) }
                        : { namespace: bookinfo!.namespace }),
                    // It stays with the default control plane when its namespace moves to another one.
                    ...(revisions.length > 0 && { revision: WITHOUT_REVISION }),
                    serviceType,
                    nodePort,
                    hostnames,
                    tlsSecret,
                    routes: bookinfo
                        ? [{ ...bookinfo.route, ...(place.isOwn && { namespace: bookinfo.namespace }) }]
                        : [],
                },
                {
                    provider,
                    dependsOn: [gatewayApi, ...controlPlanes],
                    // As it was called before 0.2.
                    aliases: [{ type: "istio-on-pulumi:index:BookinfoGateway" }],
                },
            );

        const addons = new Addons("addons", prepared.addons, { provider, dependsOn: [istio.namespaceResource] });
        const services = await addons.services;

        const everything = [gatewayApi, ...controlPlanes, tracing, mtls, bookinfo, gateway, addons].filter(
            (part) => part !== undefined,
        );
        const { mode, fails, host, hostKey, port, user, privateKey } = settings.inspection;
        const inspection =
            mode === "off"
                ? undefined
                : new MeshInspection(
                      "mesh-inspection",
                      {
                          kubeconfig,
                          context,
                          namespaces: [
                              istio.namespace,
                              ...(bookinfo ? [bookinfo.namespace] : []),
                              ...(gateway && place.isOwn ? [gateway.namespace] : []),
                          ],
                          node: mode === "ssh" ? { host: host!, hostKey: hostKey!, port, user, privateKey } : undefined,
                          failOnProblem: fails,
                          subjects: [
                              versions.controlPlanes,
                              hub,
                              registry.mirrors,
                              tag,
                              ...[gateway?.service, ...services.values()].map((service) => service?.spec.ports),
                              ...(bookinfo?.deployments ?? []).map(({ spec }) => spec),
                          ],
                      },
                      { dependsOn: everything },
                  );

        new DestroyGuard(
            "destroy-guard",
            { kubeconfig, context, clusterUid: survey.uid },
            // The chart is a remote component, whose children a dependency on it does not include.
            {
                dependsOn: pulumi
                    .all(controlPlanes.flatMap(({ istiod }) => (istiod ? [istiod.resources] : [])))
                    .apply((charts?: pulumi.Resource[][]) => [
                        ...everything,
                        ...(inspection ? [inspection] : []),
                        ...(charts ?? []).flat(),
                    ]),
            },
        );

        const endpointsArgs = {
            services,
            gateway: place && {
                service: gateway!.service,
                name: place.service,
                leadsToBookinfo: bookinfo !== undefined,
                hostname: hostnames.find((name) => !name.startsWith("*")),
            },
            istiod: istio.endpoint,
            nodeHosts: prepared.nodeHosts,
        };
        const endpoints = describeEndpoints(endpointsArgs);

        return {
            ...(endpoints.productpage &&
                serviceType !== "ClusterIP" && { productpageUrl: firstUrl(endpoints.productpage) }),
            ...(kiali.enabled && { kialiUrl: firstUrl(endpoints.kiali) }),
            endpoints,
            // What the stack of an application needs to know of this one.
            mesh: {
                namespace: istio.namespace,
                revision: istio.revision.apply((revision) => revision || WITHOUT_REVISION),
                injectionLabels: { "istio-injection": "enabled" },
                ...(gateway && {
                    gateway: {
                        name: gateway.gatewayName,
                        namespace: gateway.namespace,
                        takesRoutesFrom: place.isOwn ? "All" : "Same",
                        address: pulumi.interpolate`${place.service}.${gateway.namespace}.svc`,
                        url: gatewayUrl(endpointsArgs),
                    },
                }),
            },
            ...(inspection && { inspection: { ok: inspection.ok, findings: inspection.findings } }),
            versions: {
                istio: versions.defaultVersion,
                istioImages: tag,
                gatewayApi: gatewayApi.version,
                ...(bookinfo && { bookinfo: sample.tag }),
                kubernetes: survey.kubernetesVersion,
            },
        };
    });
