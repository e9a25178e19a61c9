import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { lokiObjects } from "../../../components/loki";
import { parseManifest } from "../../../components/manifest";

const STATEFUL_SET = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: loki, namespace: istio-system }
spec:
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete, whenScaled: Delete }
  selector: { matchLabels: { app: loki } }
  template: { spec: { containers: [{ image: a/b:1 }] } }
`;
const CLAIMING = `${STATEFUL_SET}  volumeClaimTemplates:
  - metadata: { name: storage }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } }
`;

describe("Loki's volume", () => {
    it.each([
        ["of the default class", { storageSize: "1Gi" }, {}],
        ["of a class", { storageSize: "1Gi", storageClass: "fast" }, { storageClassName: "fast" }],
    ])("is a claim as the StatefulSet's controller would make it, %s and not waited for", (_, storage, ofClass) => {
        const [claim] = lokiObjects(parseManifest(CLAIMING), storage);
        expect(claim).toEqual({
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: {
                name: "storage-loki-0",
                namespace: "istio-system",
                labels: { app: "loki" },
                annotations: { "pulumi.com/skipAwait": "true" },
            },
            spec: { accessModes: ["ReadWriteOnce"], ...ofClass, resources: { requests: { storage: "1Gi" } } },
        });
    });

    it("is deleted neither with the StatefulSet nor with its pods", () => {
        const upstream = parseManifest(CLAIMING)[0]!;
        const [, statefulSet] = lokiObjects([upstream], { storageSize: "20Gi" });
        expect(statefulSet).toEqual({
            ...upstream,
            spec: {
                ...(upstream.spec as object),
                persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
            },
        });
    });

    it("is not invented for a StatefulSet without a claim", () => {
        const objects = parseManifest(STATEFUL_SET);
        expect(lokiObjects(objects, {})).toEqual(objects);
    });
});

describe("Loki's retention", () => {
    const config = `
apiVersion: v1
kind: ConfigMap
metadata: { name: loki, namespace: istio-system }
data:
  config.yaml: |
    limits_config:
      query_timeout: 300s
---
apiVersion: v1
kind: ConfigMap
metadata: { name: loki-runtime, namespace: istio-system }
data: { config.yaml: "{}" }
---${STATEFUL_SET}`;

    it("is for ever unless one is asked for", () => {
        expect(lokiObjects(parseManifest(config), {})).toEqual(parseManifest(config));
    });

    it("is the compactor's work, and starts the pod anew", () => {
        const [configMap, runtime, statefulSet] = lokiObjects(parseManifest(config), { retention: "30d" });
        expect(parse((configMap!.data as Record<string, string>)["config.yaml"]!)).toEqual({
            limits_config: { query_timeout: "300s", retention_period: "30d" },
            compactor: { retention_enabled: true, delete_request_store: "filesystem" },
        });
        expect(runtime).toEqual(parseManifest(config)[1]);
        expect(statefulSet!.spec).toMatchObject({
            template: { metadata: { annotations: { "checksum/config": expect.any(String) as string } } },
        });
    });
});
