import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadSettings } from "../../../config";
import { documentProject, documentReadme, documentSchema } from "../../../config/document";
import { settings } from "../../../config/schema";
import { LEAVES } from "../../../config/tree";

const file = (name: string) => readFileSync(join(__dirname, "../../..", name), "utf8");
const GROUPS = Object.keys(settings.shape);
const BEGIN = "<!-- settings: begin -->";
const END = "<!-- settings: end -->";

describe("documentProject", () => {
    it("declares every setting with its default and what is allowed, and no type", () => {
        const { config } = parse(documentProject("name: istio-on-pulumi\n")) as { config: Record<string, object> };
        expect(Object.keys(config)).toEqual(GROUPS);
        expect(config.mtls).toEqual({
            description:
                "mtls.mode: Whether every workload of the mesh takes mutual TLS alone (STRICT), or plain text, too. " +
                "Allowed: PERMISSIVE, STRICT. A change: in place; with STRICT callers without a sidecar are refused.",
            default: { mode: "PERMISSIVE" },
        });
        const described = Object.values(config as Record<string, { description: string }>)
            .flatMap(({ description }) => description.split("\n"))
            .map((line) => line.slice(0, line.indexOf(": ")));
        expect(described.filter((path) => /^[\w.]+\.\w+$/.test(path))).toEqual(
            LEAVES.map(({ path }) => path).filter((path) => path.includes(".")),
        );
        expect(Object.values(config).map((declared) => Object.keys(declared))).toEqual(
            GROUPS.map(() => ["description", "default"]),
        );
    });

    it("writes defaults as YAML has them: booleans, numbers and objects are no texts, a version is", () => {
        const { config } = parse(documentProject("name: x\n")) as { config: Record<string, { default: unknown }> };
        expect(config.addons!.default).toMatchObject({ kiali: { enabled: true, nodePort: 0 } });
        expect(config.registry!.default).toEqual({ mirrors: {}, pullSecrets: [] });
        expect(config.istio!.default).toMatchObject({ version: "1.25.1", values: {} });
        expect(config.cluster!.default).toEqual({});
        expect(config.bundle!.default).toBe("");
    });

    it("writes defaults that the settings take", () => {
        const { config } = parse(documentProject("name: x\n")) as { config: Record<string, { default: unknown }> };
        const defaults = Object.entries(config).map(
            ([key, { default: value }]) => [`p:${key}`, JSON.stringify(value)] as const,
        );
        expect(loadSettings({ ...Object.fromEntries<string>(defaults), "p:bundle": "" }, "p")).toEqual(
            loadSettings({}, "p"),
        );
    });

    it("replaces its own keys, and keeps other namespaces' keys, the rest of the file and its comments", () => {
        const written = documentProject(
            "# about\nname: x\nconfig:\n  stale: { default: 1 }\n" +
                "  pulumi:disable-default-providers:\n    value: [kubernetes]\nruntime: nodejs # why\n",
        );
        expect(written.startsWith("# about\nname: x\n")).toBe(true);
        expect(written).toContain("runtime: nodejs # why\n");
        const { config } = parse(written) as { config: Record<string, unknown> };
        expect(Object.keys(config)).toEqual(["pulumi:disable-default-providers", ...GROUPS]);
        expect(config["pulumi:disable-default-providers"]).toEqual({ value: ["kubernetes"] });
    });
});

describe("documentReadme", () => {
    it("has a row for every setting, between its marks alone", () => {
        const lines = documentReadme(`before\n${BEGIN}\nstale\n${END}\nafter\n`).split("\n");
        expect(lines.slice(0, 4)).toEqual([
            "before",
            BEGIN,
            "| Path | Default | Meaning | Allowed | A change |",
            "|---|---|---|---|---|",
        ]);
        expect(lines.slice(4, -3).map((line) => line.split("`")[1])).toEqual(LEAVES.map(({ path }) => path));
        expect(lines.slice(-3)).toEqual([END, "after", ""]);
        expect(lines).toContain(
            "| `gateway.serviceType` | `NodePort` | Type of the Service that Istio generates for the Gateway. " +
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

describe("documentSchema", () => {
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(
        JSON.parse(documentSchema("p")) as object,
    );
    const problemsOf = (config: object) => {
        validate({ config });
        return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    };

    it("lets an editor accept what the program accepts, and keys of others", () => {
        const config = {
            "p:gateway": { nodePort: 30080, serviceType: "NodePort", hostnames: ["*.example.com"] },
            "p:addons": { kiali: { enabled: "true", nodePort: "30081" }, jaeger: { sampling: 0.5 } },
            "p:inspection": { privateKey: { secure: "v1:abc" } },
            "p:istio": { values: { replicaCount: 2 } },
            "p:bundle": "",
            "pulumi:disable-default-providers": ["kubernetes"],
        };
        expect(problemsOf(config)).toEqual([]);
    });

    it.each([
        [{ "p:gateway": { nodeport: 1 } }, "/config/p:gateway must NOT have additional properties"],
        [{ "p:gatewayNodePort": 30080 }, "/config must NOT have additional properties"],
        [{ "p:mtls": { mode: "strict" } }, "/config/p:mtls/mode must be equal to one of the allowed values"],
        [{ "p:addons": { kiali: { enabled: "yes" } } }, "/config/p:addons/kiali/enabled must be equal to one of the"],
        [{ "p:gateway": { nodePort: 70000 } }, "/config/p:gateway/nodePort must be <= 65535"],
    ])("lets an editor refuse %j", (config, problem) => {
        expect(problemsOf(config).join()).toContain(problem);
    });

    it("tells of each setting what the README tells", () => {
        const text = documentSchema("p");
        for (const { facts } of LEAVES) expect(text).toContain(JSON.stringify(facts.description).slice(1, -1));
    });
});
