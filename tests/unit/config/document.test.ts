import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { documentProject, documentReadme } from "../../../config/document";
import { settings } from "../../../config/schema";

const file = (name: string) => readFileSync(join(__dirname, "../../..", name), "utf8");
const BEGIN = "<!-- settings: begin -->";
const END = "<!-- settings: end -->";

describe("documentProject", () => {
    it("declares every setting with its default and what is allowed, and no type", () => {
        const { config } = parse(documentProject("name: istio-on-pulumi\n")) as { config: Record<string, object> };
        expect(Object.keys(config)).toEqual(Object.keys(settings));
        expect(config.gatewayNodePort).toEqual({
            description:
                "Node port of the gateway's port 80; 0 lets Kubernetes choose. Allowed: a port from 1 to 65535 " +
                "inside the cluster's node port range (30000-32767 unless the API server says otherwise), " +
                "or 0 for any. A change: in place.",
            default: 0,
        });
        expect(Object.values(config).map((declared) => Object.keys(declared))).toEqual(
            Object.keys(settings).map(() => ["description", "default"]),
        );
    });

    it("writes defaults as YAML has them: booleans, numbers and objects are no texts, a tag is", () => {
        const { config } = parse(documentProject("name: x\n")) as { config: Record<string, { default: unknown }> };
        const defaults = ["kiali", "kialiNodePort", "imageMirrors", "istioTag", "context"].map(
            (key) => config[key]!.default,
        );
        expect(defaults).toEqual([true, 0, {}, "1.25.1", ""]);
    });

    it("replaces its own keys, and keeps other namespaces' keys, the rest of the file and its comments", () => {
        const written = documentProject(
            "# about\nname: x\nconfig:\n  stale: { default: 1 }\n" +
                "  pulumi:disable-default-providers:\n    value: [kubernetes]\nruntime: nodejs # why\n",
        );
        expect(written.startsWith("# about\nname: x\n")).toBe(true);
        expect(written).toContain("runtime: nodejs # why\n");
        const { config } = parse(written) as { config: Record<string, unknown> };
        expect(Object.keys(config)).toEqual(["pulumi:disable-default-providers", ...Object.keys(settings)]);
        expect(config["pulumi:disable-default-providers"]).toEqual({ value: ["kubernetes"] });
    });
});

describe("documentReadme", () => {
    it("has a row for every setting, between its marks alone", () => {
        const lines = documentReadme(`before\n${BEGIN}\nstale\n${END}\nafter\n`).split("\n");
        expect(lines.slice(0, 4)).toEqual([
            "before",
            BEGIN,
            "| Key | Default | Meaning | Allowed | A change |",
            "|---|---|---|---|---|",
        ]);
        expect(lines.slice(4, -3).map((line) => line.split("`")[1])).toEqual(Object.keys(settings));
        expect(lines.slice(-3)).toEqual([END, "after", ""]);
        expect(lines).toContain(
            "| `gatewayServiceType` | `NodePort` | Type of the Service that Istio generates for the Gateway. " +
                "| NodePort, ClusterIP, LoadBalancer | in place; addresses and node ports may become others |",
        );
    });

    it("shows no default where it is empty", () => {
        const lines = documentReadme(`${BEGIN}\n${END}`).split("\n");
        expect(lines).toContain(
            "| `bundle` |  | Directory of upstream files written by `npm run bundle`, for clusters without internet; " +
                "empty means fetch and cache them. | a path, or empty | nothing in the cluster |",
        );
    });

    it("fails where the marks are missing", () => {
        expect(() => documentReadme("# A README\n")).toThrow(`The README lacks the marks ${BEGIN} and ${END}`);
    });
});

describe("Pulumi.yaml", () => {
    it("switches the default Kubernetes provider off", () => {
        const { config } = parse(file("Pulumi.yaml")) as { config: Record<string, unknown> };
        expect(config["pulumi:disable-default-providers"]).toEqual({ value: ["kubernetes"] });
    });
});

describe("the schema", () => {
    it("accepts each of its own defaults", () => {
        expect(Object.entries(settings).filter(([, setting]) => setting.parse(setting.default) === undefined)).toEqual(
            [],
        );
    });
});
