import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MeshInspection, type MeshInspectionArgs } from "../../../components";
import { connectionFailure, inspectionCommand } from "../../../components/meshInspection";
import { failCreation } from "../../support/callbacks";
import { Recording, type RecordingOptions } from "../../support/mocks";

const LOCAL = "command:local:Command";
const REMOTE = "command:remote:Command";
const args: MeshInspectionArgs = {
    context: "prod",
    namespaces: ["istio-system", pulumi.output("istio-sample")],
    failOnProblem: false,
    subjects: ["1.25.1", pulumi.output([80])],
};
const node = { host: "10.0.0.5", user: "root", port: 22, hostKey: "ssh-ed25519 AAAA" };
const FOUND = {
    severity: "problem",
    code: "injection/no-sidecar",
    subject: "istio-sample/x",
    message: "x has no sidecar.",
};
const REPORT = JSON.stringify({ ok: false, findings: [FOUND] });

async function inspect(given: Partial<MeshInspectionArgs> = {}, options: RecordingOptions = {}) {
    const recording = await Recording.start({
        answers: {
            [LOCAL]: () => ({ id: "local", outputs: { stdout: REPORT } }),
            [REMOTE]: () => ({ id: "remote", outputs: { stdout: "cGFja2Vk" } }),
        },
        ...options,
    });
    const inspection = new MeshInspection("mesh-inspection", { ...args, ...given });
    await recording.settled();
    return { recording, inspection };
}

/** A secret as the engine sends it. */
const secret = (value: string) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });
const valueOf = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply(resolve));

describe("MeshInspection", () => {
    it("runs doctor on the stack's context and namespaces, again whenever a subject changes", async () => {
        const { recording } = await inspect();
        expect(recording.registrations.map(({ type, name, parent }) => [type, name, parent])).toEqual([
            ["istio-on-pulumi:index:MeshInspection", "mesh-inspection", undefined],
            [LOCAL, "mesh-inspection", "istio-on-pulumi:index:MeshInspection::mesh-inspection"],
        ]);
        expect(recording.one(LOCAL, "mesh-inspection").inputs).toEqual({
            create:
                "node_modules/.bin/mesh-inspect doctor --findings --no-ask --context prod " +
                "--namespace istio-system --namespace istio-sample || test $? -eq 1",
            logging: "stderr",
            addPreviousOutputInEnv: false,
            triggers: ["1.25.1", [80]],
        });
    });

    it("tells the findings and whether nothing is wrong", async () => {
        const { inspection } = await inspect();
        expect(await valueOf(inspection.ok)).toBe(false);
        expect(await valueOf(inspection.findings)).toEqual([FOUND]);
    });

    it("tells them in plain, although what comes over a connection with a key is a secret", async () => {
        const { inspection } = await inspect(
            { node },
            {
                answers: {
                    [LOCAL]: () => ({ id: "local", outputs: { stdout: secret(REPORT) } }),
                    [REMOTE]: () => ({ id: "remote", outputs: { stdout: secret("H4sI") } }),
                },
            },
        );
        expect(await valueOf(inspection.findings)).toEqual([FOUND]);
        expect(await pulumi.isSecret(inspection.findings)).toBe(false);
        expect(await pulumi.isSecret(inspection.ok)).toBe(false);
    });

    it("reads a node's rules over SSH first, from that host key alone, and hands them on", async () => {
        const { recording } = await inspect({ node });
        const rules = recording.one(REMOTE, "mesh-inspection-rules").inputs;
        // With or without a key, the SDK makes a secret of it.
        const { value: connection } = rules.connection as { value: object };
        expect(connection).toMatchObject({ ...node, dialErrorLimit: 2 });
        expect(connection).not.toHaveProperty("privateKey");
        expect(rules.create).toBe("sh -s");
        expect(rules.stdin).toContain('"$family-$backend-save" -c || exit 4');
        expect(rules.stdin).toContain("# rules of 10.0.0.5");
        expect(rules.stdin).not.toContain("sudo");
        expect(rules.triggers).toEqual(["1.25.1", [80]]);
        const { create, stdin } = recording.one(LOCAL, "mesh-inspection").inputs;
        expect(create).toMatch(/^node_modules\/\.bin\/mesh-inspect .* --rules - \|\| test \$\? -eq 1$/);
        expect(stdin).toBe("cGFja2Vk");
    });

    it("asks sudo where the user is not root", async () => {
        const { recording } = await inspect({ node: { ...node, user: "admin" } });
        expect(recording.one(REMOTE, "mesh-inspection-rules").inputs.stdin).toContain(
            'sudo -n "$family-$backend-save"',
        );
    });

    it("keeps the private key a secret", async () => {
        const { recording } = await inspect({ node: { ...node, privateKey: "PEM" } });
        const { connection } = recording.one(REMOTE, "mesh-inspection-rules").inputs;
        expect(JSON.stringify(connection)).toContain("PEM");
        expect(Object.values(connection as object)).toContain("1b47061264138c4ac30d75fd1eb44270");
    });

    it("knows nothing in a preview of what has not run", async () => {
        const { inspection } = await inspect({}, { preview: true, answers: {} });
        expect(await (inspection.ok as unknown as { isKnown: Promise<boolean> }).isKnown).toBe(false);
    });
});

describe("the command of an inspection", () => {
    const base = { context: "prod", namespaces: ["a"], failOnProblem: true, readsRules: false };

    /** What `sh` makes of the command, with `doctor` a script. */
    const run = (failOnProblem: boolean, doctor: string) => {
        const line = inspectionCommand({ ...base, failOnProblem }).replace(
            /node_modules\/\.bin\/mesh-inspect .*? --namespace a/,
            `sh -c '${doctor}'`,
        );
        const { status, stdout } = spawnSync("/bin/sh", ["-c", line], { encoding: "utf8" });
        return [status, stdout];
    };

    it("fails with a problem only if that is asked for, and then without the JSON", () => {
        const [fine, wrong] = ['echo "{\\"ok\\": \\"%s %%\\"}"', 'echo "{}"; exit 1'];
        expect(run(false, fine)).toEqual([0, '{"ok": "%s %%"}\n']);
        expect(run(true, fine)).toEqual([0, '{"ok": "%s %%"}\n']);
        expect(run(false, wrong)).toEqual([0, "{}\n"]);
        expect(run(true, wrong)).toEqual([1, ""]);
    });

    it("fails in any case where there was no inspection", () => {
        for (const status of [2, 70, 127])
            for (const failOnProblem of [true, false]) expect(run(failOnProblem, `exit ${status}`)[0]).not.toBe(0);
    });

    it("takes names as they are, whatever a shell would make of them", () => {
        expect(inspectionCommand({ ...base, kubeconfig: "/a b/$(id)", context: "it's" })).toContain(
            `--kubeconfig '/a b/$(id)' --context 'it'\\''s'`,
        );
    });
});

describe("a node that cannot be asked", () => {
    const cp = { host: "10.0.0.5", port: 22, user: "admin" };
    it.each([
        [
            "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch",
            "The node 10.0.0.5 (port 22) shows another host key than the configured one, so nothing was sent to it; " +
                "compare it on the node, then set it as the inspection's hostKey (the setting inspection.hostKey)",
        ],
        [
            "after 2 failed attempts: ssh: handshake failed: ssh: no common algorithm for host key; " +
                "we offered: [ssh-ed25519], peer offered: [rsa-sha2-512]",
            "shows another host key",
        ],
        [
            "after 2 failed attempts: ssh: handshake failed: ssh: unable to authenticate, " +
                "attempted methods [none publickey], no supported methods remain",
            "The node 10.0.0.5 (port 22) refuses the keys of user admin; authorize the key there, " +
                "set another user or privateKey of the inspection (the settings inspection.user and " +
                "inspection.privateKey), or load a key into the SSH agent",
        ],
        [
            "after 2 failed attempts: dial tcp 10.0.0.5:22: connect: connection refused",
            "The node 10.0.0.5 (port 22) cannot be asked over SSH (dial tcp 10.0.0.5:22: connect: connection refused)" +
                "; check that it runs and that this machine reaches it, " +
                "or set another host of the inspection (the setting inspection.host)",
        ],
    ])("is named in one sentence: %s", (said, sentence) => expect(connectionFailure(cp, said)).toContain(sentence));

    it("is explained where reading its rules fails, and not asked again", async () => {
        const told = vi.spyOn(pulumi.log, "error").mockResolvedValue();
        onTestFinished(() => told.mockRestore());
        const { recording, inspection } = await inspect({ node });
        expect([...recording.hooks.keys()]).toEqual(["mesh-inspection-rules"]);
        const said = "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch";
        expect(await failCreation(recording.hooks.get("mesh-inspection-rules")!, said)).toEqual({ retry: false });
        expect(told.mock.calls).toEqual([[connectionFailure(node, said), inspection]]);
    });
});
