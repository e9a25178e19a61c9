import type { V1Container, V1PodStatus } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { labPlace } from "../../src/place";
import { bookinfoImage, parseImage, processImages, runsAsProcesses } from "../../src/pods/images";
import { lastLines, parseLogRequest } from "../../src/pods/log-server";
import { PodAddresses, podNetns } from "../../src/pods/network";
import { type ContainerState, podStatus, waiting } from "../../src/pods/pod-status";
import { probeTarget } from "../../src/pods/probe";
import { commandOf, programFor } from "../../src/pods/programs";

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
});

describe("PodAddresses", () => {
    it("keeps apart from kwok's half of the pod network, and reuses an address as late as possible", () => {
        const addresses = new PodAddresses();
        const first = addresses.take();
        expect(first).toBe("10.244.128.1");
        addresses.giveBack(first);
        expect(addresses.take()).toBe("10.244.128.2");
    });

    it("keeps the address that a pod has, once, and only one of its own", () => {
        const addresses = new PodAddresses();
        expect(addresses.keep("10.244.128.1")).toBe(true);
        expect(addresses.keep("10.244.128.1")).toBe(false);
        expect(addresses.keep("10.244.0.7")).toBe(false);
        expect(addresses.keep("10.245.128.1")).toBe(false);
        expect(addresses.keep("10.244.128.255")).toBe(false);
        expect(addresses.take()).toBe("10.244.128.2");
    });

    it("goes on with the next third byte", () => {
        const addresses = new PodAddresses();
        const taken = Array.from({ length: 255 }, () => addresses.take());
        expect(taken[253]).toBe("10.244.128.254");
        expect(taken[254]).toBe("10.244.129.1");
    });
});

it("names a pod's namespace by its UID, so that no other lab's name can be a prefix of it", () => {
    expect(podNetns("istio-lab", "9b8ece7f-17bc-4597-b77e-ab6162389a1c")).toBe("istio-lab.pod-9b8ece7f-17bc");
});

describe("podStatus", () => {
    const pod = {
        spec: {
            initContainers: [{ name: "istio-init", image: "proxyv2:1" }],
            containers: [
                { name: "app", image: "x:1" },
                { name: "istio-proxy", image: "proxyv2:1" },
            ],
        },
        status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "old" as never }] },
    };
    const at = "2026-01-01T00:00:00Z";
    const running = (ready: boolean): ContainerState => ({
        state: "running",
        ready,
        started: true,
        restarts: 0,
        startedAt: at,
        pid: 7,
    });
    const done: ContainerState = {
        state: "terminated",
        ready: true,
        started: false,
        restarts: 0,
        startedAt: at,
        finishedAt: at,
    };
    const status = (init: ContainerState, app: ContainerState, proxy: ContainerState) =>
        podStatus(
            pod,
            {
                address: "10.244.128.1",
                init: new Map([["istio-init", init]]),
                containers: new Map([
                    ["app", app],
                    ["istio-proxy", proxy],
                ]),
            },
            at,
        );
    const condition = (found: V1PodStatus, type: string) => found.conditions?.find((each) => each.type === type);

    it("is Pending with the reason while the pod waits for what it mounts", () => {
        const held = waiting("ContainerCreating", 0, "missing");
        const found = podStatus(
            pod,
            {
                init: new Map([["istio-init", held]]),
                containers: new Map([
                    ["app", held],
                    ["istio-proxy", held],
                ]),
            },
            at,
        );
        expect(found.phase).toBe("Pending");
        expect(found.podIPs).toBeUndefined();
        expect(found.containerStatuses?.[0]).toMatchObject({
            name: "app",
            ready: false,
            started: false,
            state: { waiting: { reason: "ContainerCreating", message: "missing" }, running: null },
        });
        expect(condition(found, "Ready")).toMatchObject({
            status: "False",
            lastTransitionTime: at,
            reason: "ContainersNotReady",
        });
    });

    it("is initialized when the init containers have completed, and not before", () => {
        const before = status(running(false), waiting("PodInitializing"), waiting("PodInitializing"));
        expect([before.phase, condition(before, "Initialized")]).toMatchObject([
            "Pending",
            { status: "False", reason: "ContainersNotInitialized" },
        ]);
        const after = status(done, running(true), running(false));
        expect([after.phase, condition(after, "Initialized")?.status]).toEqual(["Running", "True"]);
        expect(after.initContainerStatuses?.[0]).toMatchObject({
            ready: true,
            state: { terminated: { exitCode: 0, reason: "Completed", finishedAt: at }, running: null },
        });
    });

    it("is Ready only when every container is, and keeps the time of a condition that has not changed", () => {
        expect(condition(status(done, running(true), running(false)), "Ready")).toMatchObject({
            status: "False",
            lastTransitionTime: at,
        });
        const found = status(done, { ...running(true), restarts: 2, lastExit: { code: 1, at } }, running(true));
        expect(condition(found, "Ready")).toMatchObject({ status: "True", lastTransitionTime: "old" });
        expect(found.podIPs).toEqual([{ ip: "10.244.128.1" }]);
        expect(found.containerStatuses?.[0]).toMatchObject({
            ready: true,
            restartCount: 2,
            containerID: "lab://7",
            lastState: { terminated: { exitCode: 1 } },
            state: { running: { startedAt: at }, waiting: null },
        });
    });

    it("stays Running between a crash and the next start", () => {
        expect(status(done, waiting("CrashLoopBackOff", 1), running(true)).phase).toBe("Running");
    });
});

describe("probeTarget", () => {
    const container = { name: "c", ports: [{ name: "web", containerPort: 8443 }] };

    it("takes the pod's address unless the probe names a host, and ports by name", () => {
        expect(probeTarget(container, { httpGet: { path: "/ready", port: 8080 as never } }, "10.0.0.1")).toEqual({
            url: "http://10.0.0.1:8080/ready",
            headers: {},
        });
        expect(
            probeTarget(
                container,
                {
                    httpGet: {
                        scheme: "HTTPS",
                        port: "web" as never,
                        host: "h",
                        httpHeaders: [{ name: "A", value: "b" }],
                    },
                },
                "10.0.0.1",
            ),
        ).toEqual({ url: "https://h:8443/", headers: { A: "b" } });
        expect(probeTarget(container, { tcpSocket: { port: "web" as never } }, "10.0.0.1")).toEqual({
            host: "10.0.0.1",
            port: 8443,
        });
    });

    it("knows nothing of other kinds", () => {
        expect(probeTarget(container, { exec: { command: ["true"] } }, "10.0.0.1")).toBeUndefined();
    });
});

describe("logs", () => {
    it("are asked for as the API server does", () => {
        expect(parseLogRequest("/containerLogs/istio-system/istiod-1/discovery?tailLines=5&follow=true")).toEqual({
            pod: "istio-system/istiod-1",
            container: "discovery",
            tailLines: 5,
            follow: true,
        });
        expect(parseLogRequest("/containerLogs/ns/pod/c")).toEqual({
            pod: "ns/pod",
            container: "c",
            tailLines: undefined,
            follow: false,
        });
        expect(parseLogRequest("/exec/ns/pod/c")).toBeUndefined();
    });

    it.each([
        [2, "b\nc\n"],
        [9, "a\nb\nc\n"],
        [0, ""],
        [undefined, "a\nb\nc\n"],
    ])("end with the last %s lines", (count, text) => {
        expect(lastLines("a\nb\nc\n", count)).toBe(text);
    });

    it("may end without a line break", () => {
        expect(lastLines("a\nb\nc", 2)).toBe("b\nc");
    });
});
