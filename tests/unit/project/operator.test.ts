import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";

const root = join(__dirname, "../../..");
const dir = join(root, "examples/operator");

interface Manifest {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly data?: Readonly<Record<string, string>>;
    readonly spec?: StackSpec;
}

interface StackSpec {
    readonly stack: string;
    readonly projectRepo?: string;
    readonly programRef?: { readonly name: string };
    readonly serviceAccountName: string;
    readonly envRefs: Readonly<Record<string, { secret?: { name: string }; literal?: { value: string } }>>;
    readonly workspaceTemplate: {
        readonly spec: {
            readonly podTemplate: {
                readonly spec: {
                    readonly containers: readonly { volumeMounts: readonly { name: string; mountPath: string }[] }[];
                    readonly volumes: readonly { name: string; configMap: { name: string } }[];
                };
            };
        };
    };
}

const objects = readdirSync(dir)
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) => parseAllDocuments(readFileSync(join(dir, file), "utf8")).map((each) => each.toJS() as Manifest));
const named = (kind: string, name: string) =>
    objects.find((each) => each.kind === kind && each.metadata.name === name) as Manifest;
const stacks = objects.filter(({ kind }) => kind === "Stack");

describe("the objects for the Pulumi Kubernetes Operator", () => {
    it.each(stacks)("$metadata.name uses what is there", ({ spec }) => {
        const { envRefs, serviceAccountName, programRef, workspaceTemplate } = spec!;
        expect(named("ServiceAccount", serviceAccountName)).toBeDefined();
        expect(spec!.projectRepo ?? named("Program", programRef!.name)).toBeDefined();
        const { containers, volumes } = workspaceTemplate.spec.podTemplate.spec;
        const [mount] = containers[0]!.volumeMounts;
        const { configMap } = volumes.find(({ name }) => name === mount!.name)!;
        const file = envRefs.KUBECONFIG!.literal!.value.slice(mount!.mountPath.length + 1);
        expect(Object.keys(named("ConfigMap", configMap.name).data!)).toContain(file);
        const readme = readFileSync(join(dir, "README.md"), "utf8");
        for (const { secret } of Object.values(envRefs))
            if (secret) expect(readme).toContain(`create secret generic ${secret.name} `);
    });

    it("name a stack of the repository, and in the kubeconfig the context of its settings", () => {
        const file = join(root, `Pulumi.${stacks.find(({ spec }) => spec!.projectRepo)!.spec!.stack}.yaml`);
        expect(existsSync(file)).toBe(true);
        const { config } = parse(readFileSync(file, "utf8")) as {
            config: { "istio-on-pulumi:cluster": { context: string } };
        };
        const { context } = config["istio-on-pulumi:cluster"];
        const kubeconfig = named("ConfigMap", "kubeconfig").data!.config!;
        expect(parse(kubeconfig)).toMatchObject({ contexts: [{ name: context }], "current-context": context });
    });
});
