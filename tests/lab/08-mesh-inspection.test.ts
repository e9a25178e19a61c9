import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InspectionFinding } from "../../components";
import { Lab, TEST_LAB } from "../support/lab";
import { printed } from "../support/lab-refused";
import { takeEndpointAway, untilRulesServe } from "../support/lab-rules";
import { type LabSshd, startAgent, startSshd } from "../support/lab-sshd";
import { Stack, type StackResource } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";

interface Outputs {
    inspection?: { ok: boolean; findings: InspectionFinding[] };
}

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

beforeAll(() => stack.ensureUp());
afterAll(() => stack.up("--skip-preview"));

const kubectl = (...args: string[]) => lab.output(["kubectl", "-n", BOOKINFO_NAMESPACE, ...args]);
const inspection = async () => (await stack.outputs<Outputs>()).inspection;
const problems = (found: Outputs["inspection"]) => found!.findings.filter(({ severity }) => severity === "problem");
const named = async (name: string): Promise<StackResource | undefined> =>
    (await stack.resources()).find(({ urn, type }) => type.startsWith("command:") && urn.endsWith(`::${name}`));
/** Which run of the inspection the stack holds. */
const run = async () => (await named("mesh-inspection"))?.id;
/** An update that must fail. */
async function failing(env: Record<string, string> = {}): Promise<string> {
    const outcome = await stack.attempt(["up", "--yes", "--skip-preview"], { env });
    expect(outcome.code, printed(outcome)).not.toBe(0);
    // No stack trace.
    expect(printed(outcome)).not.toMatch(/^\s+at .*:\d+:\d+/m);
    return printed(outcome);
}
const selectDetails = (app: string) =>
    kubectl("patch", "service", "details", "-p", JSON.stringify({ spec: { selector: { app } } }));
const detailsEndpoint = (there: boolean) => untilRulesServe(lab, `${BOOKINFO_NAMESPACE}/details`, there);

describe("off", () => {
    test("it runs nothing, and there is no output", async () => {
        expect(await inspection()).toBeUndefined();
        expect((await stack.resources()).filter(({ urn }) => /MeshInspection/.test(urn))).toEqual([]);
    });
});

describe("local", () => {
    const local = { "inspection.mode": "local" };
    afterAll(async () => {
        await selectDetails("details");
        await detailsEndpoint(true);
    });

    test("brings the findings into the outputs, and no more than them into the state", async () => {
        await stack.with(local, async () => {
            await stack.up("--skip-preview");
            const found = await inspection();
            expect([found!.ok, problems(found)]).toEqual([true, []]);
            expect(JSON.parse((await named("mesh-inspection"))!.outputs!.stdout as string)).toEqual(found);
        });
    });

    test("comes to rest", async () => {
        await stack.with(local, () => stack.preview("--expect-no-changes"));
    });

    test("would run again with another tag of the images", async () => {
        await stack.with({ ...local, "bookinfo.tag": "1.20.1" }, async () => {
            const { steps } = JSON.parse(await stack.pulumi(["preview", "--json"])) as {
                steps: { op: string; urn: string }[];
            };
            const ops = steps
                .filter(({ urn }) => urn.endsWith("command:local:Command::mesh-inspection"))
                .map(({ op }) => op);
            expect(ops).toContain("replace");
        });
    });

    describe("on a mesh that is broken, by a change that an update does not see", () => {
        const sentence = "its selector app=detials selects no pod";
        const changed = { ...local, "addons.grafana.enabled": "false" };
        beforeAll(async () => {
            await selectDetails("detials");
            await detailsEndpoint(false);
        });

        test("runs again where another part of it changes, and lets the update succeed", async () => {
            const before = await run();
            await stack.with(changed, async () => {
                await stack.up("--skip-preview");
                const found = await inspection();
                expect(await run()).not.toBe(before);
                expect(found!.ok).toBe(false);
                expect(problems(found).map(({ code, subject }) => `${code} ${subject}`)).toEqual([
                    `service/no-endpoints ${BOOKINFO_NAMESPACE}/details:http`,
                ]);
                expect(problems(found)[0]!.message).toContain(sentence);
            });
        });

        test("fails the update with the finding's sentence if that is asked for", async () => {
            await stack.with({ ...changed, "inspection.fails": "true" }, async () => {
                const said = await failing();
                expect(said).toContain(sentence);
                expect(said).not.toContain('"findings"');
            });
        });

        test("and no longer once it is in order", async () => {
            await selectDetails("details");
            await detailsEndpoint(true);
            await stack.with({ ...changed, "inspection.fails": "true" }, async () => {
                await stack.up("--skip-preview");
                expect((await inspection())!.ok).toBe(true);
            });
        });
    });
});

describe("over SSH", () => {
    let sshd: LabSshd;
    const settings = () => ({
        "inspection.mode": "ssh",
        "inspection.host": sshd.host,
        "inspection.port": String(sshd.port),
        "inspection.hostKey": sshd.hostKey.publicKey,
    });
    const withKey = (key: string) =>
        stack.pulumi(["config", "set", "--secret", "--path", "inspection.privateKey"], { input: key });
    const without = { SSH_AUTH_SOCK: "" };

    let undo = () => Promise.resolve();

    beforeAll(async () => {
        sshd = await startSshd(lab);
    });
    afterAll(async () => {
        await sshd?.close();
        await undo();
    });

    test("reads the node's rules by the configured key, and tells the findings in plain", async () => {
        ({ undo } = await takeEndpointAway(lab, `${BOOKINFO_NAMESPACE}/reviews`));
        await stack.with(settings(), async () => {
            await withKey(sshd.userKey.privateKey);
            await stack.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], { env: without });
            const found = await inspection();
            expect(problems(found).map(({ code }) => code)).toEqual(["nat/uneven-share", "nat/missing-endpoint"]);
            expect(problems(found)[1]!.message).toContain(`in the rules of ${sshd.host} sends nothing`);
            expect(sshd.logins()).toEqual([expect.stringContaining("Accepted publickey for root")]);
        });
    });

    test("keeps the key a secret: it is in neither state nor outputs nor what is printed", async () => {
        await stack.with(settings(), async () => {
            await withKey(sshd.userKey.privateKey);
            const lines = sshd.userKey.privateKey
                .split("\n")
                .filter((line) => line.length > 20 && !line.startsWith("-"));
            expect(lines.length).toBeGreaterThan(3);
            const [state, outputs, shown] = [
                await stack.pulumi(["stack", "export"]),
                await stack.pulumi(["stack", "output", "--json", "--show-secrets"]),
                await stack.pulumi(["preview", "--diff", "--show-sames"], { env: without }),
            ];
            expect(state).toContain("mesh-inspection-rules");
            for (const line of lines) for (const text of [state, outputs, shown]) expect(text).not.toContain(line);
            const { connection } = (await named("mesh-inspection-rules"))!.inputs as { connection: object };
            expect(Object.keys(connection)).toContain("ciphertext");
        });
    });

    test("comes to rest: an up changes nothing, and does not ask the node again", async () => {
        await stack.with(settings(), async () => {
            await withKey(sshd.userKey.privateKey);
            const before = sshd.logins().length;
            await stack.pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes", "--suppress-outputs"], {
                env: without,
            });
            expect(sshd.logins()).toHaveLength(before);
        });
    });

    test("takes the agent's keys where none is set", async () => {
        const agent = await startAgent(sshd.userKey);
        try {
            await stack.with(settings(), async () => {
                const before = sshd.logins().length;
                await stack.pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], {
                    env: { SSH_AUTH_SOCK: agent.socket },
                });
                expect(sshd.logins()).toHaveLength(before + 1);
                expect((await inspection())!.findings).toBeDefined();
                expect(await stack.pulumi(["stack", "export"])).not.toContain(agent.socket);
            });
        } finally {
            await agent.close();
        }
    });

    // Each is refused before a command is sent, in one sentence beside the plugin's own words.
    const refused: [string, () => Record<string, string>, () => string, RegExp, RegExp][] = [
        [
            "a server with another host key",
            () => ({ "inspection.hostKey": sshd.otherKey().publicKey }),
            () => sshd.userKey.privateKey,
            /ssh: host key mismatch/,
            /The node 10\.240\.0\.10 \(port 22022\) shows another host key than the configured one/,
        ],
        [
            "a key that the node does not know",
            () => ({}),
            () => sshd.otherKey().privateKey,
            /unable to authenticate, attempted methods \[none publickey\]/,
            /The node 10\.240\.0\.10 \(port 22022\) refuses the keys of user root/,
        ],
        // Nobody listens on port 1.
        [
            "a node that does not answer",
            () => ({ "inspection.port": "1" }),
            () => sshd.userKey.privateKey,
            /dial tcp 10\.240\.0\.10:1: connect: connection refused/,
            /The node 10\.240\.0\.10 \(port 1\) cannot be asked over SSH \(.*connection refused\)/,
        ],
    ];
    test.each(refused)("refuses %s", async (_, other, key, words, sentence) => {
        await stack.with({ ...settings(), ...other() }, async () => {
            await withKey(key());
            const before = sshd.logins().length;
            const said = await failing(without);
            expect(said).toMatch(words);
            expect(said).toMatch(sentence);
            expect(sshd.logins()).toHaveLength(before);
        });
    });
});

describe("off again", () => {
    test("it leaves nothing behind", async () => {
        await stack.up("--skip-preview");
        expect(await inspection()).toBeUndefined();
        expect((await stack.resources()).filter(({ urn }) => /MeshInspection/.test(urn))).toEqual([]);
    });
});
