import { join } from "node:path";
import type { V1Container } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { DEFAULT_ISTIO, ISTIO_VERSIONS } from "@istio-on-pulumi/kube";
import { labPlace } from "../../src/place";
import { commandOf, programFor } from "../../src/pods/programs";

describe("programFor", () => {
    const place = labPlace({ HOME: "/h" });
    const program = (containers: V1Container[], dataPlane = true) =>
        programFor(
            { spec: { containers, volumes: [{ name: "mesh", configMap: { name: "istio-canary" } }] } },
            containers[0]!,
            place,
            dataPlane,
        );

    it("tells istiod what stock Envoys lack, and only where they run", () => {
        const istiod = {
            name: "discovery",
            image: "istio/pilot:1.25.1",
            args: ["discovery"],
            volumeMounts: [{ name: "mesh", mountPath: "/etc/istio/config" }],
        };
        const on = program([istiod])!;
        expect(on.extraEnv).toMatchObject({
            PILOT_ENABLE_METADATA_EXCHANGE: "false",
            PILOT_ENABLE_ALPN_FILTER: "false",
            SHARED_MESH_CONFIG: "istio-canary",
        });
        expect(commandOf(istiod, on)).toEqual([
            "/usr/local/bin/pilot-discovery",
            "discovery",
            "--meshConfig=/etc/lab/mesh.yaml",
        ]);
        expect(commandOf(istiod, program([istiod], false)!)).toEqual(["/usr/local/bin/pilot-discovery", "discovery"]);
    });

    it("runs a proxy with its own arguments and proxy configuration", () => {
        const sidecar = {
            name: "istio-proxy",
            image: "istio/proxyv2:1.25.1",
            args: ["proxy", "sidecar"],
            env: [{ name: "PROXY_CONFIG", value: '{"concurrency":3,"drainDuration":"9s"}' }],
        };
        const found = program([sidecar])!;
        expect(JSON.parse(found.extraEnv.PROXY_CONFIG!)).toEqual({
            concurrency: 3,
            drainDuration: "9s",
            binaryPath: "/lab/envoy",
        });
        expect(commandOf(sidecar, found)).toEqual(["/lab/pilot-agent", "proxy", "sidecar"]);
        expect(program([sidecar], false)).toBeUndefined();
    });

    it("runs the programs of the tag's version where that is locked, else of the default one", () => {
        const filesOf = (image: string) => Object.values(program([{ name: "c", image }])!.files);
        for (const other of ISTIO_VERSIONS.filter((version) => version !== DEFAULT_ISTIO)) {
            expect(filesOf(`istio/pilot:${other}`)).toEqual([join(place.bin, `pilot-discovery-${other}`)]);
            expect(filesOf(`mirror/proxyv2:${other}-distroless`)).toEqual([
                join(place.bin, `pilot-agent-${other}`),
                join(place.bin, "envoy"),
                join(place.images, `envoy_bootstrap-${other}.json`),
            ]);
        }
        for (const tag of [DEFAULT_ISTIO, `${DEFAULT_ISTIO}-distroless`, "1.24.0", "hardened"]) {
            expect(filesOf(`istio/pilot:${tag}`)).toEqual([join(place.bin, "pilot-discovery")]);
            expect(program([{ name: "c", image: `istio/pilot:${tag}` }])!.istio).toBe(DEFAULT_ISTIO);
        }
    });

    it("runs Bookinfo by image, and an echo for an unknown image beside a sidecar alone", () => {
        const reviews = {
            name: "reviews",
            image: "x/examples-bookinfo-reviews-v2:1",
            command: ["java"],
            ports: [{ containerPort: 9080 }],
        };
        expect(commandOf(reviews, program([reviews])!)).toEqual([
            "/lab/node",
            "/lab/workloads/main.js",
            "reviews",
            "v2",
        ]);
        const nginx = {
            name: "web",
            image: "nginx",
            ports: [
                { containerPort: 80 },
                { containerPort: 53, protocol: "UDP" },
                { containerPort: 443, protocol: "TCP" },
            ],
        };
        expect(program([nginx])).toBeUndefined();
        const echo = program([nginx, { name: "istio-proxy", image: "istio/proxyv2:1" }])!;
        expect([commandOf(nginx, echo).at(-1), echo.extraEnv.LAB_PORTS]).toEqual(["echo", "80,443"]);
    });

    it("runs Jaeger, whose pod names no ports, where sidecars run that could send it something", () => {
        const jaeger = { name: "jaeger", image: "docker.io/jaegertracing/all-in-one:1.63.0" };
        const found = program([jaeger])!;
        expect(commandOf(jaeger, found).at(-1)).toBe("jaeger");
        expect(found.extraEnv.LAB_PORTS?.split(",")).toEqual(expect.arrayContaining(["16686", "14269", "9411"]));
        expect(program([jaeger], false)).toBeUndefined();
    });
});
