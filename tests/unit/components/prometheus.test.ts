import { describe, expect, it } from "vitest";
import { parseManifest } from "../../../components/manifest";
import { prometheusObjects } from "../../../components/prometheus";

const UPSTREAM = parseManifest(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: prometheus, namespace: istio-system, labels: { app: prometheus } }
spec:
  template:
    spec:
      containers:
      - { name: reload, args: [--watch] }
      - { name: server, args: [--storage.tsdb.retention.time=15d, --storage.tsdb.path=/data] }
      volumes:
      - { name: config-volume, configMap: { name: prometheus } }
      - { name: storage-volume, emptyDir: {} }
`);
type Pod = { containers: { args: string[] }[]; volumes: object[] };
const strategyOf = (object: unknown) => (object as { spec: { strategy?: object } }).spec.strategy;
const podOf = (object: unknown) => (object as { spec: { template: { spec: Pod } } }).spec.template.spec;

describe("Prometheus", () => {
    it("is upstream's where nothing is asked for", () => {
        expect(prometheusObjects(UPSTREAM, {})).toEqual(UPSTREAM);
    });

    it("keeps metrics for as long as is asked for", () => {
        const [deployment] = prometheusObjects(UPSTREAM, { retention: "4w" });
        expect(podOf(deployment).containers.map(({ args }) => args)).toEqual([
            ["--watch"],
            ["--storage.tsdb.retention.time=4w", "--storage.tsdb.path=/data"],
        ]);
    });

    it("has its volume in place of the empty directory alone", () => {
        const [claim, deployment] = prometheusObjects(UPSTREAM, { storageSize: "1Gi" });
        expect(claim!.metadata).toMatchObject({ name: "prometheus", namespace: "istio-system" });
        expect(podOf(deployment).volumes).toEqual([
            { name: "config-volume", configMap: { name: "prometheus" } },
            { name: "storage-volume", persistentVolumeClaim: { claimName: "prometheus" } },
        ]);
    });

    it("is updated one pod at a time where it has a volume, which is one pod's", () => {
        const [, deployment] = prometheusObjects(UPSTREAM, { storageSize: "1Gi" });
        expect(strategyOf(deployment)).toEqual({
            type: "RollingUpdate",
            rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
        });
    });
});
