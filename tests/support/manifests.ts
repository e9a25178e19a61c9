import { type Addon } from "@istio-on-pulumi/kube";
import type { InstalledCrd } from "../../cluster";

/** The version that the CRD manifests below carry. */
export const BUNDLE_VERSION = "v9.9.9";

/** A manifest of one Gateway API CRD, as far as the program looks at it. */
export function crdManifest(name: string): string {
    const [plural, ...group] = name.split(".");
    return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    gateway.networking.k8s.io/bundle-version: ${BUNDLE_VERSION}
    gateway.networking.k8s.io/channel: standard
  creationTimestamp: null
  name: ${name}
spec:
  group: ${group.join(".")}
  names: { kind: ${plural!.slice(0, -1)}, plural: ${plural} }
  scope: Namespaced
  versions:
  - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
status: null
`;
}

/** A Gateway API CRD in the cluster. */
export function installedCrd(
    plural: string,
    { served = ["v1"], annotations = {}, isOwn = false }: Partial<InstalledCrd> = {},
): InstalledCrd {
    return { name: `${plural}.gateway.networking.k8s.io`, served, annotations, isOwn };
}

/**
 * One manifest an addon: small, and with all that makes the program change something or that it must leave alone.
 *
 * Images without a registry, init containers, nulls, an own annotation on a Service, a claim with further requests.
 */
export const ADDON_MANIFESTS: Readonly<Record<Addon, string>> = {
    kiali: `
apiVersion: v1
kind: ConfigMap
metadata: { name: kiali, namespace: istio-system }
data: { config.yaml: "auth: { strategy: anonymous }" }
...
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: kiali }
rules:
- { apiGroups: [""], resources: [pods], verbs: [get] }
---
apiVersion: v1
kind: Service
metadata: { name: kiali, namespace: istio-system, labels: { app: kiali }, annotations: }
spec:
  ports:
  - { name: http, port: 20001, protocol: TCP }
  - { name: http-metrics, port: 9090, protocol: TCP }
  selector: { app: kiali }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: kiali, namespace: istio-system }
spec:
  template:
    spec:
      serviceAccountName: kiali
      containers:
      - { name: kiali, image: "quay.io/kiali/kiali:v2", volumeMounts: }
`,
    jaeger: `
apiVersion: apps/v1
kind: Deployment
metadata: { name: jaeger, namespace: istio-system }
spec: { template: { spec: { containers: [{ name: jaeger, image: "docker.io/jaegertracing/all-in-one:1" }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: tracing, namespace: istio-system }
spec: { type: ClusterIP, ports: [{ name: http-query, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: zipkin, namespace: istio-system }
spec: { ports: [{ name: http-query, port: 9411 }] }
---
apiVersion: v1
kind: Service
metadata: { name: jaeger-collector, namespace: istio-system }
spec: { ports: [{ name: http-zipkin, port: 9411 }] }
`,
    prometheus: `
apiVersion: v1
kind: ServiceAccount
metadata: { name: prometheus, namespace: istio-system }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: prometheus, namespace: istio-system }
spec:
  template:
    spec:
      initContainers:
      - { name: chown, image: busybox:1 }
      containers:
      - { name: reloader, image: "ghcr.io/prometheus-operator/reloader:1" }
      - { name: server, image: "prom/prometheus:v3", args: ["--a=1"] }
---
apiVersion: v1
kind: Service
metadata: { name: prometheus, namespace: istio-system, annotations: { own: stays } }
spec: { ports: [{ name: http, port: 9090 }] }
`,
    grafana: `
apiVersion: v1
kind: Service
metadata: { name: grafana, namespace: istio-system }
spec: { ports: [{ name: service, port: 3000 }] }
`,
    loki: `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: loki, namespace: istio-system }
spec:
  serviceName: loki-headless
  template: { spec: { containers: [{ name: loki, image: "docker.io/grafana/loki:3" }] } }
  volumeClaimTemplates:
  - metadata: { name: storage }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } }
---
apiVersion: v1
kind: Service
metadata: { name: loki, namespace: istio-system }
spec: { ports: [{ name: http-metrics, port: 3100 }, { name: grpc, port: 9095 }] }
---
apiVersion: v1
kind: Service
metadata: { name: loki-headless, namespace: istio-system }
spec: { clusterIP: None, ports: [{ name: http-metrics, port: 3100 }] }
`,
};
