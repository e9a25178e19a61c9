import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Manifest, sentences, service, UNKNOWN_TEXT } from "./judge";

const port = (nodePort: unknown, name = "http", protocol?: string) => ({ name, port: 80, nodePort, protocol });
const at = (name: string, ...ports: object[]) => service(name, { type: "NodePort", ports });
const judged = (objects: Manifest[], config?: object) => sentences("node-ports", "dev", objects, config);

describe("node-ports", () => {
    it("names Service, port and range", () => {
        expect(judged([at("web", port(8080))])).toEqual([
            "Service shop/web asks for node port 8080 for port http, which is outside the cluster's range; allowed: 30000 to " +
                "32767. Choose one of them, or none, and Kubernetes does.",
        ]);
        expect(judged([at("web", port(8080))], { from: 8000, to: 9000 })).toEqual([]);
    });

    it("names both that ask for one port", () => {
        const both = [at("web", port(30080)), at("api", port(30080, "grpc"))];
        for (const objects of [both, both.toReversed()])
            expect(judged(objects)).toEqual([
                "Service shop/web asks for node port 30080/TCP for port http, which Service shop/api has for port grpc, and the " +
                    "cluster gives it once: choose another for one of them, or none, and Kubernetes does.",
            ]);
    });

    it("gives a number once for each protocol, and takes a patch for the Service that it patches", () => {
        expect(judged([at("dns", port(30053), port(30053, "udp", "UDP"))])).toEqual([]);
        const patch = { ...at("web", { port: 80, nodePort: 30080 }), kind: "ServicePatch" };
        expect(judged([at("web", { port: 80, nodePort: 30080 }), patch])).toEqual([]);
        expect(judged([at("web", port(30080), port(30080, "other"))])).toHaveLength(1);
    });

    it("looks at health checks' ports, too", () => {
        expect(judged([service("web", { healthCheckNodePort: 80 })])[0]).toContain("node port 80 for health checks");
    });

    it("has nothing against what Kubernetes is to choose", () => {
        expect(judged([at("web", port(undefined)), at("api", port(0)), at("new", port(UNKNOWN_TEXT))])).toEqual([]);
    });

    it("complains once of each port outside, and of each that another has", () => {
        fc.assert(
            fc.property(fc.array(fc.integer({ min: 29990, max: 30010 }), { maxLength: 12 }), (numbers) => {
                const found = judged(numbers.map((number, index) => at(`s${index}`, port(number))));
                const outside = numbers.filter((number) => number < 30000);
                expect(found).toHaveLength(outside.length + numbers.length - new Set(numbers).size);
            }),
        );
    });
});
