import { describe, expect, it } from "vitest";
import { probeTarget } from "../../src/pods/probe";

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
