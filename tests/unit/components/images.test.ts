import { describe, expect, it } from "vitest";
import { mirrored } from "../../../components/images";

describe("mirrored", () => {
    it.each([
        ["docker.io/istio/pilot:1.25.1", "registry.local:5000/docker/istio/pilot:1.25.1"],
        ["prom/prometheus:v3", "registry.local:5000/docker/prom/prometheus:v3"],
        ["busybox:1", "registry.local:5000/docker/library/busybox:1"],
        ["docker.io/istio", "registry.local:5000/docker/istio"],
        ["docker.io/istio/examples-bookinfo", "registry.local:5000/docker/istio/examples-bookinfo"],
        ["docker.io/a/b@sha256:00", "registry.local:5000/docker/a/b@sha256:00"],
    ])("pulls Docker Hub's %s from its mirror", (image, expected) => {
        expect(mirrored(image, { "docker.io": "registry.local:5000/docker" })).toBe(expected);
    });

    it.each(["quay.io/kiali/kiali:v2", "localhost/a:1", "registry:5000/a:1", "docker.io.example.com/a:1"])(
        "leaves %s alone, which no mirror stands for",
        (image) => {
            expect(mirrored(image, { "docker.io": "registry.local:5000/docker" })).toBe(image);
        },
    );

    it.each(["docker.io/a/b:1", "a/b:1", "b:1"])("leaves %s as it is written where there are no mirrors", (image) => {
        expect(mirrored(image, {})).toBe(image);
    });

    it.each([
        ["docker.io/istio/pilot:1", "c/pilot:1"],
        ["docker.io/istio", "c"],
        ["docker.io/istioctl/x:1", "b/istioctl/x:1"],
        ["quay.io/kiali/kiali:v2", "d/kiali/kiali:v2"],
    ])("takes the longest mirror that fits %s", (image, expected) => {
        expect(mirrored(image, { "docker.io": "b", "docker.io/istio": "c", "quay.io": "d" })).toBe(expected);
    });
});
