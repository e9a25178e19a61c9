import { describe, expect, it } from "vitest";
import { bookinfoImage, parseImage, processImages, runsAsProcesses } from "../../src/pods/images";

const podOf = (image: string) => ({ spec: { containers: [{ name: "c", image }] } });

describe("images", () => {
    it.each([
        ["docker.io/istio/pilot:1.25.1", { base: "pilot", tag: "1.25.1" }],
        ["registry.local:5000/mirror/pilot:1.25.1-distroless", { base: "pilot", tag: "1.25.1-distroless" }],
        ["istio/pilot", { base: "pilot", tag: "latest" }],
        ["istio/pilot@sha256:abc", { base: "pilot", tag: "" }],
    ])("%s", (image, parsed) => {
        expect(parseImage(image)).toEqual(parsed);
        expect(runsAsProcesses(podOf(image), false)).toBe(true);
    });

    it.each([
        ["docker.io/istio/proxyv2:1.25.1", true],
        ["docker.io/istio/examples-bookinfo-productpage-v1:1.20.2", true],
        ["registry.local:5000/x/bookinfo-reviews-v3@sha256:abc", true],
        ["docker.io/jaegertracing/all-in-one:1.63.0", true],
        ["docker.io/istio/examples-bookinfo-mysqldb:1.20.2", false],
        ["registry.local/proxyv2/other:1", false],
        ["autopilot:1", false],
    ])("with a data plane %s runs as a process: %s, and without one it does not", (image, runs) => {
        expect(runsAsProcesses(podOf(image), true)).toBe(runs);
        expect(runsAsProcesses(podOf(image), false)).toBe(false);
    });

    it("decide by every container of the pod", () => {
        expect(
            runsAsProcesses(
                {
                    spec: {
                        containers: [
                            { name: "app", image: "nginx" },
                            { name: "istio-proxy", image: "istio/proxyv2:1.25.1" },
                        ],
                    },
                },
                true,
            ),
        ).toBe(true);
    });

    it("are told to kwok in a pattern that is the same in jq and in JavaScript", () => {
        for (const dataPlane of [true, false]) expect(processImages(dataPlane)).not.toMatch(/["\\]/);
    });

    it("of Bookinfo name application and version", () => {
        expect(bookinfoImage("mirror/examples-bookinfo-reviews-v2:1.20.2")).toEqual({
            application: "reviews",
            version: "v2",
        });
        expect(bookinfoImage("mirror/examples-bookinfo-reviews:1.20.2")).toBeUndefined();
    });
});
