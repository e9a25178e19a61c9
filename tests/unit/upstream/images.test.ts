import { describe, expect, it } from "vitest";
import { withRegistry } from "@istio-on-pulumi/kube";
import { containerImages, imagesOf, istioImages } from "../../../upstream/images";
import { TREE } from "./fixture";

describe("containerImages", () => {
    it("finds containers, sidecars and init containers in every document, and nothing else", () => {
        const text = `
kind: ConfigMap
data:
  containers: |
    - image: not/an-image:1
image: neither/this:1
---
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{ name: init, image: "a/init:1" }]
      containers:
      - { name: app, image: a/app:1 }
      - { name: sidecar, image: a/sidecar:1 }
      - { name: injected }
---
---
kind: CronJob
spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: a/job:1 }] } } } } }
`;
        expect(containerImages(text).sort()).toEqual(["a/app:1", "a/init:1", "a/job:1", "a/sidecar:1"]);
    });
});

describe("istioImages", () => {
    it("puts istiod's and the proxy's image together from the chart's values", () => {
        const values =
            "_internal_defaults_do_not_set: { image: pilot, " +
            "global: { hub: h/i, tag: 1.2.3, proxy: { image: p }, proxy_init: { image: q } } }";
        expect(istioImages("istio-1.25.1/values.yaml", values)).toEqual([
            "h/i/pilot:1.2.3",
            "h/i/p:1.2.3",
            "h/i/q:1.2.3",
        ]);
    });

    it.each(["", "global: { hub: a }", "_internal_defaults_do_not_set: { image: pilot, global: { hub: a, tag: b } }"])(
        "fails on values of another shape: %j",
        (values) => {
            expect(() => istioImages("istio-1.25.1/values.yaml", values)).toThrow(
                "does not name hub, tag and images where upstream/images.ts looks for them",
            );
        },
    );
});

describe("withRegistry", () => {
    it.each([
        ["nginx:1", "docker.io/library/nginx:1"],
        ["prom/prometheus:v3", "docker.io/prom/prometheus:v3"],
        ["quay.io/kiali/kiali:v2", "quay.io/kiali/kiali:v2"],
        ["mirror:5000/a:1", "mirror:5000/a:1"],
        ["localhost/a:1", "localhost/a:1"],
    ])("%s is %s", (image, full) => {
        expect(withRegistry(image)).toBe(full);
    });
});

describe("imagesOf", () => {
    it("lists the images of Istio and of the samples once each, sorted", () => {
        const tree: Record<string, string> = {
            ...TREE,
            "istio-1.25.1/samples/bookinfo/platform/kube/bookinfo.yaml":
                "spec: { containers: [{ image: b/z:1 }, { image: b/a:1 }] }\n" +
                "---\nspec: { containers: [{ image: b/a:1 }] }\n",
            "istio-1.25.1/manifests/charts/base/templates/pod.yaml":
                "spec: { containers: [{ image: not/a-sample:1 }] }\n",
        };
        expect(imagesOf((path) => tree[path]!, Object.keys(tree))).toEqual([
            "docker.io/b/a:1",
            "docker.io/b/z:1",
            "gcr.io/istio-testing/pilot:latest",
            "gcr.io/istio-testing/proxyv2:latest",
            "quay.io/kiali/kiali:v2",
        ]);
    });
});
