import { describe, expect, it } from "vitest";
import { parseImage, programFor } from "../../../../lab/pods/images";
import { lastLines, parseLogRequest } from "../../../../lab/pods/log-server";
import { PodAddresses, podNetns } from "../../../../lab/pods/network";
import { podStatus } from "../../../../lab/pods/pod-status";
import { probeTarget } from "../../../../lab/pods/probe";

describe("images", () => {
    it.each([
        ["docker.io/istio/pilot:1.25.1", { base: "pilot", tag: "1.25.1" }],
        ["registry.local:5000/mirror/pilot:1.25.1-distroless", { base: "pilot", tag: "1.25.1-distroless" }],
        ["istio/pilot", { base: "pilot", tag: "latest" }],
        ["istio/pilot@sha256:abc", { base: "pilot", tag: "" }],
    ])("%s", (image, parsed) => {
        expect(parseImage(image)).toEqual(parsed);
        expect(programFor(image)?.program).toBe("pilot-discovery");
    });

    it("knows no program for other images", () => {
        expect(programFor("docker.io/istio/proxyv2:1.25.1")).toBeUndefined();
        expect(programFor("constructor")).toBeUndefined();
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
    const pod = { spec: { containers: [{ name: "discovery", image: "pilot:1" }] }, status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "old" as never }] } };
    const at = "2026-01-01T00:00:00Z";

    it("is Pending with the reason while the pod waits for what it mounts", () => {
        const status = podStatus(pod, { state: "waiting", reason: "ContainerCreating", message: "missing", ready: false, restarts: 0 }, at);
        expect(status.phase).toBe("Pending");
        expect(status.podIPs).toBeUndefined();
        expect(status.containerStatuses?.[0]).toMatchObject({ name: "discovery", ready: false, started: false, state: { waiting: { reason: "ContainerCreating", message: "missing" }, running: null } });
        expect(status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ status: "False", lastTransitionTime: at, reason: "ContainersNotReady" });
    });

    it("is Ready only when the process is, and keeps the time of a condition that has not changed", () => {
        const status = podStatus(pod, { state: "running", ready: true, restarts: 2, startedAt: at, pid: 7, address: "10.244.128.1", lastExit: { code: 1, at } }, at);
        expect(status.phase).toBe("Running");
        expect(status.podIPs).toEqual([{ ip: "10.244.128.1" }]);
        expect(status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ status: "True", lastTransitionTime: "old" });
        expect(status.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 2, containerID: "lab://7", lastState: { terminated: { exitCode: 1 } }, state: { running: { startedAt: at }, waiting: null } });
    });

    it("stays Running between a crash and the next start", () => {
        expect(podStatus(pod, { state: "waiting", reason: "CrashLoopBackOff", ready: false, restarts: 1 }, at).phase).toBe("Running");
    });
});

describe("probeTarget", () => {
    const container = { name: "c", ports: [{ name: "web", containerPort: 8443 }] };

    it("takes the pod's address unless the probe names a host, and ports by name", () => {
        expect(probeTarget(container, { httpGet: { path: "/ready", port: 8080 as never } }, "10.0.0.1")).toEqual({ url: "http://10.0.0.1:8080/ready", headers: {} });
        expect(probeTarget(container, { httpGet: { scheme: "HTTPS", port: "web" as never, host: "h", httpHeaders: [{ name: "A", value: "b" }] } }, "10.0.0.1")).toEqual({ url: "https://h:8443/", headers: { A: "b" } });
        expect(probeTarget(container, { tcpSocket: { port: "web" as never } }, "10.0.0.1")).toEqual({ host: "10.0.0.1", port: 8443 });
    });

    it("knows nothing of other kinds", () => {
        expect(probeTarget(container, { exec: { command: ["true"] } }, "10.0.0.1")).toBeUndefined();
    });
});

describe("logs", () => {
    it("are asked for as the API server does", () => {
        expect(parseLogRequest("/containerLogs/istio-system/istiod-1/discovery?tailLines=5&follow=true")).toEqual({ pod: "istio-system/istiod-1", container: "discovery", tailLines: 5, follow: true });
        expect(parseLogRequest("/containerLogs/ns/pod/c")).toEqual({ pod: "ns/pod", container: "c", tailLines: undefined, follow: false });
        expect(parseLogRequest("/exec/ns/pod/c")).toBeUndefined();
    });

    it.each([[2, "b\nc\n"], [9, "a\nb\nc\n"], [0, ""], [undefined, "a\nb\nc\n"]])("end with the last %s lines", (count, text) => {
        expect(lastLines("a\nb\nc\n", count)).toBe(text);
    });

    it("may end without a line break", () => {
        expect(lastLines("a\nb\nc", 2)).toBe("b\nc");
    });
});
