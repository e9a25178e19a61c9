import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deployment, judge, type Manifest, sentences, UNKNOWN_TEXT } from "./judge";

const tags = (image: string) => sentences("image-tags", "dev", [deployment("web", { image })]);
const registries = (stack: string, image: string, config?: object) =>
    sentences("image-registries", stack, [deployment("web", { image })], config);

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const host = fc.constantFrom("", "docker.io/", "registry.local:5000/", "localhost/", "quay.io/team/");
const version = fc.stringMatching(/^v?[0-9][a-z0-9.-]{0,6}$/);
const digest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/);

describe("image-tags", () => {
    it("names object, container and remedy", () => {
        expect(tags("nginx:latest")).toEqual([
            "Deployment shop/web names image nginx:latest in container web with tag latest, which moves, so that a " +
                "restart may run another program: give it the tag of a version, or a digest (@sha256:...).",
        ]);
        expect(tags("registry.local:5000/web")[0]).toContain(
            "image registry.local:5000/web in container web without a tag",
        );
    });

    it.each(["nginx:stable", "nginx:main", "nginx:latest-alpine3", "nginx", "a.b:5000/nginx"])(
        "refuses %s",
        (image) => {
            expect(tags(image)).toHaveLength(1);
        },
    );

    it("takes every tag of a version and every digest, from whatever registry", () => {
        const image = fc.tuple(
            host,
            word,
            fc.oneof(
                version.map((tag) => `:${tag}`),
                digest.map((sum) => `@${sum}`),
            ),
        );
        fc.assert(fc.property(image, (parts) => tags(parts.join("")).length === 0));
    });

    it("takes no image without either", () => {
        fc.assert(fc.property(host, word, (registry, name) => tags(`${registry}${name}`).length === 1));
    });

    it("leaves Istio's placeholder and what a preview does not know alone", () => {
        expect([...tags("auto"), ...tags(UNKNOWN_TEXT)]).toEqual([]);
    });

    const pod = { spec: { containers: [{ name: "web", image: "web" }] } };
    const metadata = { name: "x", namespace: "shop" };
    const kinds: Manifest[] = [
        { apiVersion: "v1", kind: "Pod", metadata, ...pod },
        { apiVersion: "v1", kind: "PodTemplate", metadata, template: pod },
        { apiVersion: "v1", kind: "ReplicationController", metadata, spec: { template: pod } },
        ...["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "DeploymentPatch"].map((kind) => ({
            apiVersion: "apps/v1",
            kind,
            metadata,
            spec: { template: pod },
        })),
        { apiVersion: "batch/v1", kind: "Job", metadata, spec: { template: pod } },
        { apiVersion: "batch/v1", kind: "CronJob", metadata, spec: { jobTemplate: { spec: { template: pod } } } },
    ];
    it.each(kinds)("looks into a $kind", (manifest) => {
        const kind = manifest.kind.replace("Patch", "");
        expect(sentences("image-tags", "dev", [manifest])[0]).toMatch(
            `${kind} shop/x names image web in container web`,
        );
    });

    it("looks into init containers, volumes and the sidecar's annotation", () => {
        const manifest = {
            ...deployment("web", { image: "web:1" }),
            spec: {
                template: {
                    metadata: { annotations: { "sidecar.istio.io/proxyImage": "istio/proxyv2:latest" } },
                    spec: {
                        initContainers: [{ name: "setup", image: "setup" }],
                        volumes: [{ name: "model", image: { reference: "model" } }],
                    },
                },
            },
        };
        const found = sentences("image-tags", "dev", [manifest]).join("\n");
        for (const where of ["in init container setup", "in volume model", "in annotation sidecar.istio.io/proxyImage"])
            expect(found).toContain(where);
    });
});

describe("image-registries", () => {
    it("names the image with its registry, and what is allowed", () => {
        expect(registries("dev", "evil.example/web:1")).toEqual([
            "Deployment shop/web takes image evil.example/web:1 in container web from a registry that stack dev may not " +
                'use; allowed: docker.io, quay.io, ghcr.io, registry.k8s.io. Take it from there, or add its registry to "allowed" ' +
                "of rule image-registries.",
        ]);
    });

    it("reads a name without a registry as the container runtimes do", () => {
        expect(registries("dev", "nginx:1")).toEqual([]);
        expect(registries("dev", "nginx:1", { allowed: { "*": ["quay.io"] } })[0]).toContain(
            "docker.io/library/nginx:1",
        );
    });

    it("goes by the stack, and by the path where one is named", () => {
        const allowed = { "*": ["docker.io/istio"], airgap: ["registry.local:5000"], open: [] };
        const of = (stack: string, image: string) => registries(stack, image, { allowed }).length;
        expect([of("prod", "istio/pilot:1"), of("prod", "istio2/pilot:1"), of("prod", "docker.io/istio:1")]).toEqual([
            0, 1, 1,
        ]);
        expect([of("airgap", "registry.local:5000/istio/pilot:1"), of("airgap", "istio/pilot:1")]).toEqual([0, 1]);
        expect(registries("open", "istio/pilot:1", { allowed })[0]).toContain("allowed: none");
    });
});

describe("levels", () => {
    const levelIn = (stack: string, config?: object) =>
        judge("image-tags", stack, [deployment("web", { image: "web" })], config).map(({ level }) => level);

    it.each(["prod", "prod-eu", "eu-prod", "production"])("are mandatory in %s", (stack) => {
        expect(levelIn(stack)).toEqual(["mandatory"]);
    });

    it.each(["dev", "staging", "airgap", "product", "reprod"])("are those of the configuration in %s", (stack) => {
        expect(levelIn(stack)).toEqual(["configured"]);
    });

    it("follow the names that the configuration gives to production", () => {
        expect(levelIn("live-2", { production: ["live-*"] })).toEqual(["mandatory"]);
        expect(levelIn("prod", { production: [] })).toEqual(["configured"]);
    });

    it("are refused a name that no rule knows", () => {
        expect(() => levelIn("prod", { prodution: ["live"] })).toThrow(
            'configuration of image-tags has "prodution", which the rule does not know; allowed: enforcementLevel, production.',
        );
    });
});
