import { describe, expect, it } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { MeshInspection, type MeshInspectionArgs } from "../../../components";
import { inspectionCommand } from "../../../components/meshInspection";
import { type RecordingOptions, Recording } from "../../support/mocks";

const LOCAL = "command:local:Command";
const REMOTE = "command:remote:Command";
const args: MeshInspectionArgs = { context: "prod", namespaces: ["istio-system", pulumi.output("istio-sample")], failOnProblem: false, subjects: ["1.25.1", pulumi.output([80])] };
const node = { host: "10.0.0.5", user: "root", port: 22, hostKey: "ssh-ed25519 AAAA" };
const FOUND = { severity: "problem", code: "injection/no-sidecar", subject: "istio-sample/x", message: "x has no sidecar." };
const REPORT = JSON.stringify({ ok: false, findings: [FOUND], nat: {} });

async function inspect(given: Partial<MeshInspectionArgs> = {}, options: RecordingOptions = {}) {
    const recording = await Recording.start({ answers: { [LOCAL]: () => ({ id: "local", outputs: { stdout: REPORT } }), [REMOTE]: () => ({ id: "remote", outputs: { stdout: "cGFja2Vk" } }) }, ...options });
    const inspection = new MeshInspection("mesh-inspection", { ...args, ...given });
    await recording.settled();
    return { recording, inspection };
}

const valueOf = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply(resolve));

describe("MeshInspection", () => {
    it("runs doctor on the stack's context and namespaces, again whenever a subject changes", async () => {
        const { recording } = await inspect();
        expect(recording.registrations.map(({ type, name, parent }) => [type, name, parent])).toEqual([
            ["istio-on-pulumi:index:MeshInspection", "mesh-inspection", undefined],
            [LOCAL, "mesh-inspection", "istio-on-pulumi:index:MeshInspection::mesh-inspection"],
        ]);
        expect(recording.one(LOCAL, "mesh-inspection").inputs).toEqual({
            create: "node_modules/.bin/tsx inspect/cli.ts doctor --json --no-ask --context prod --namespace istio-system --namespace istio-sample || test $? -eq 1",
            logging: "stderr",
            addPreviousOutputInEnv: false,
            triggers: ["1.25.1", [80]],
        });
    });

    it("tells the findings and whether nothing is wrong, and no more of the report", async () => {
        const { inspection } = await inspect();
        expect(await valueOf(inspection.ok)).toBe(false);
        expect(await valueOf(inspection.findings)).toEqual([FOUND]);
    });

    it("reads a node's rules over SSH first, from that host key alone, and hands them on", async () => {
        const { recording } = await inspect({ node });
        const rules = recording.one(REMOTE, "mesh-inspection-rules").inputs;
        const connection = rules.connection.value ?? rules.connection;
        expect(connection).toMatchObject({ ...node, dialErrorLimit: 2 });
        expect(connection).not.toHaveProperty("privateKey");
        expect(rules.create).toMatch(/^rules=\$\(/);
        expect(rules.create).toContain('"$family-$backend-save" -c || exit 4');
        expect(rules.create).not.toContain("sudo");
        expect(rules.triggers).toEqual(["1.25.1", [80]]);
        const { create, stdin } = recording.one(LOCAL, "mesh-inspection").inputs;
        expect(create).toMatch(/^base64 -d \| gunzip -c \| node_modules\/\.bin\/tsx .* --rules - \|\| test \$\? -eq 1$/);
        expect(stdin).toBe("cGFja2Vk");
    });

    it("asks sudo where the user is not root", async () => {
        const { recording } = await inspect({ node: { ...node, user: "admin" } });
        expect(recording.one(REMOTE, "mesh-inspection-rules").inputs.create).toContain('sudo -n "$family-$backend-save"');
    });

    it("keeps the private key a secret", async () => {
        const { recording } = await inspect({ node: { ...node, privateKey: "PEM" } });
        const { connection } = recording.one(REMOTE, "mesh-inspection-rules").inputs;
        expect(JSON.stringify(connection)).toContain("PEM");
        expect(Object.values(connection)).toContain("1b47061264138c4ac30d75fd1eb44270");
    });

    it("knows nothing in a preview of what has not run", async () => {
        const { inspection } = await inspect({}, { preview: true, answers: {} });
        expect(await (inspection.ok as unknown as { isKnown: Promise<boolean> }).isKnown).toBe(false);
    });
});

describe("the command of an inspection", () => {
    const base = { context: "prod", namespaces: ["a"], failOnProblem: true, readsRules: false };

    it("fails with a problem only if that is asked for", () => {
        expect(inspectionCommand(base)).toBe("node_modules/.bin/tsx inspect/cli.ts doctor --json --no-ask --context prod --namespace a");
        expect(inspectionCommand({ ...base, failOnProblem: false })).toBe(`${inspectionCommand(base)} || test $? -eq 1`);
    });

    it("takes names as they are, whatever a shell would make of them", () => {
        expect(inspectionCommand({ ...base, kubeconfig: "/a b/$(id)", context: "it's" })).toContain(`--kubeconfig '/a b/$(id)' --context 'it'\\''s'`);
    });
});
