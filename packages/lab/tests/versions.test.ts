import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { DEFAULT_ISTIO, ISTIO_RELEASES, istioRelease } from "@istio-on-pulumi/kube";
import { requiredVersions, TOOLS } from "../src/build/tools";
import { labPlace } from "../src/place";
import { wantedVersion } from "../src/plugins/needs";

/** The same version stands in files of several tools, each of which reads its own: here they are held together. */
const { repository } = labPlace({});
const text = (...path: string[]) => readFileSync(join(repository, ...path), "utf8");
const json = <T>(...path: string[]) => JSON.parse(text(...path)) as T;

interface PackageJson {
    readonly name: string;
    readonly version: string;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
}

const packagesDir = readdirSync(join(repository, "packages")).map((name) => join("packages", name));
const packages = ["", ...packagesDir].map((dir) => ({ dir, ...json<PackageJson>(dir, "package.json") }));
const requirements = packages.flatMap(({ name, dir, dependencies, devDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies }).map(([of, version]) => ({ by: name, dir, of, version })),
);
const goMod = text("packages/lab/tools/cluster/go.mod");
const numbers = (version: string) => version.replace(/^v/, "").split(".").map(Number);

describe("npm packages", () => {
    it("are wanted at exact versions, the same wherever they are wanted", () => {
        const inexact = requirements.filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version));
        expect(inexact).toEqual([]);
        const different = requirements.filter(({ of, version }) =>
            requirements.some((other) => other.of === of && other.version !== version),
        );
        expect(different).toEqual([]);
    });

    it("stand in the lock at these versions", () => {
        const { packages: locked } = json<{ packages: Record<string, { version?: string; link?: boolean }> }>(
            "package-lock.json",
        );
        const wrong = requirements.filter(({ dir, of, version }) => {
            // A package has a version of its own where another dependency wants a different one at the root.
            const found = locked[`${dir}/node_modules/${of}`] ?? locked[`node_modules/${of}`];
            return !found?.link && found?.version !== version;
        });
        expect(wrong).toEqual([]);
    });

    it("of the plugins are the ones that the program wants", () => {
        for (const name of ["@pulumi/kubernetes", "@pulumi/command"]) {
            const wanted = requirements.find(({ by, of }) => by === "istio-on-pulumi" && of === name)?.version;
            expect(wantedVersion(repository, name)).toBe(wanted);
        }
    });
});

describe("Go modules", () => {
    it("hold the Istio and the Gateway API that the program installs by default", async () => {
        const versionOf = await requiredVersions(join(TOOLS, "cluster", "go.mod"));
        const { module, gatewayApi } = istioRelease(DEFAULT_ISTIO);
        expect(versionOf("istio.io/istio")).toBe(module);
        expect(versionOf("sigs.k8s.io/gateway-api")).toBe(gatewayApi);
    });

    it("replace each module of Kubernetes by that of the Kubernetes which is built", async () => {
        const versionOf = await requiredVersions(join(TOOLS, "cluster", "go.mod"));
        const release = versionOf("k8s.io/kubernetes").replace(/^v1\./, "v0.");
        const replaced = [...goMod.matchAll(/^\s+(k8s\.io\/\S+) => (\S+) (\S+)$/gm)];
        expect(replaced.length).toBeGreaterThan(20);
        // This one is released less often.
        const others = replaced.filter(([, from, to, version]) => from !== to || version !== release);
        expect(others.map(([, from]) => from)).toEqual(["k8s.io/sample-apiserver"]);
    });

    it("build an engine of the major version that the program's library speaks to", async () => {
        const versionOf = await requiredVersions(join(TOOLS, "cluster", "go.mod"));
        const engine = numbers(versionOf("github.com/pulumi/pulumi/pkg/v3"));
        const library = numbers(wantedVersion(repository, "@pulumi/pulumi"));
        expect(engine[0]).toBe(library[0]);
        expect(versionOf("github.com/pulumi/pulumi/sdk/v3")).toBe(versionOf("github.com/pulumi/pulumi/pkg/v3"));
    });
});

describe("upstream's files", () => {
    it("are those of the locked releases, by their lock, and of the default one by the setting's default", () => {
        const { trees } = json<{ trees: Record<string, { moduleVersion: string }> }>("upstream/lock.json");
        expect(
            Object.fromEntries(Object.entries(trees).map(([tree, { moduleVersion }]) => [tree, moduleVersion])),
        ).toEqual(
            Object.fromEntries(
                Object.entries(ISTIO_RELEASES).flatMap(([version, { module, gatewayApi }]) => [
                    [`istio-${version}`, module],
                    [`gateway-api-${gatewayApi}`, gatewayApi],
                ]),
            ),
        );
        const { config } = parse(text("Pulumi.yaml")) as {
            config: Record<string, { default?: Record<string, unknown> }>;
        };
        expect(config.istio?.default?.version).toBe(DEFAULT_ISTIO);
    });
});
