import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { ForgeServer, USER_TOKEN } from "../support/forge-server";
import { Lab, TEST_LAB } from "../support/lab";
import { DeliveryProject, PULL_REQUEST } from "../support/lab-delivery";
import { getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import type { Service } from "../support/objects";
import { type Ended, outside } from "../support/workflow-run";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let project: DeliveryProject;

beforeAll(async () => {
    project = await DeliveryProject.start(lab);
});
afterAll(() => project.stop());

/** What a push to the pull request's branch starts; the stacks that it found. */
async function push(sha: string): Promise<string[]> {
    const head = { repo: { full_name: "owner/name" } };
    const event = { pull_request: { number: PULL_REQUEST, base: { sha: project.base }, head } };
    const run = project.run("preview", { event }, sha);
    const { outputs } = (await run.job("stacks")) as Ended;
    const stacks = JSON.parse(outputs.stacks!) as string[];
    for (const each of stacks.length > 0 ? run.matrix("preview") : [undefined]) await run.job("preview", each);
    const { steps } = (await run.job("comment")) as Ended;
    expect(steps.comment).toMatchObject({ code: 0 });
    return stacks;
}

/** What a merge starts. */
async function merge(sha: string) {
    const github = { event: { before: project.base }, event_name: "push", ref: "refs/heads/main" };
    const run = project.run("up", github, sha);
    const approved = (await run.job("approved")) as Ended;
    return { approved, up: (await run.job("up", stack.name)) as Ended };
}

const comments = () => project.forge.comments.map(({ body }) => body);
const titles = () => comments().flatMap((body) => body.match(/^## .*/gm) ?? []);
const settings = { "addons.kiali.serviceType": "ClusterIP" };
const kiali = async () => (await getOne<Service>(lab, "service", "kiali", "--namespace", ISTIO_NAMESPACE)).spec.type;
const CLOSES = new RegExp(`^## 🔵 ${stack.name}: closes kiali to the outside`);

describe("pushes to a pull request", () => {
    test("the first one adds a comment on the stack that it concerns", async () => {
        await stack.set(settings);
        expect(await push(project.commit())).toEqual([stack.name]);
        expect(titles()).toEqual([expect.stringMatching(CLOSES)]);
    });

    test("the same once more posts nothing", async () => {
        await push(project.runGit("rev-parse", "HEAD"));
        expect(project.forge.comments).toMatchObject([{ edits: 0 }]);
    });

    test("the second one adds another stack to the same comment", async () => {
        writeFileSync(project.otherFile, `${project.own}\n# changed\n`);
        expect(await push(project.commit())).toEqual([stack.name, project.other]);
        expect(project.forge.comments).toMatchObject([{ author: "github-actions[bot]", edits: 1 }]);
        const refused = new RegExp(`^## ⛔ ${project.other}: refused: `);
        expect(titles()).toEqual([expect.stringMatching(CLOSES), expect.stringMatching(refused)]);
        expect(comments()[0]).toContain("| Stack | What happens | Resources |\n");
    });

    test("one that takes all of it back says that no stack is concerned", async () => {
        writeFileSync(stack.file, project.own);
        writeFileSync(project.otherFile, project.own);
        expect(await push(project.commit())).toEqual([]);
        expect(comments()).toEqual([expect.stringContaining("This change concerns no stack.")]);
    });
});

describe("a merge", () => {
    let sha: string;

    test("of what nobody has previewed changes nothing", async () => {
        await stack.set(settings);
        sha = project.commit();
        const { approved, up } = await merge(sha);
        expect(approved.steps.approved).toMatchObject({
            code: 1,
            stderr: expect.stringMatching(/^Commit \w+ came by no pull request, so nothing that it does was/) as string,
        });
        expect(up).toBe("skipped");
    });

    test("of what would do something else by now is refused with both reports", async () => {
        expect(await push(sha)).toEqual([stack.name]);
        project.forge.merged.set(sha, PULL_REQUEST);
        // Somebody updates the stack by hand in the meantime.
        const byHand = { "namespaces.labels.team": "other", "addons.kiali.serviceType": "NodePort" };
        await stack.with(byHand, () => stack.up("--skip-preview"));
        const { up } = await merge(sha);
        expect(up.steps.up).toMatchObject({ code: 2 });
        const refused = `## ⛔ ${stack.name}: refused: What would happen is not what was approved: `;
        expect(up.summary.slice(0, refused.length)).toBe(refused);
        expect(up.summary).toContain(
            `\n# What was approved of ${stack.name}\n\n## 🔵 ${stack.name}: closes kiali to the outside`,
        );
        expect(await kiali()).toBe("NodePort");
    });

    test("by hand does what the refusal's digest says", async () => {
        const report = readFileSync(project.path("reports", `${stack.name}.json`), "utf8");
        const run = project.runByHand((JSON.parse(report) as { digest: string }).digest.slice(0, 16));
        expect(await run.job("approved")).toBe("skipped");
        expect(run.matrix("up")).toEqual([stack.name]);
        expect(((await run.job("up", stack.name)) as Ended).steps.up).toMatchObject({ code: 0 });
        expect(await kiali()).toBe("ClusterIP");
    });

    test("of what was previewed does it, and a second run of it has nothing to do", async () => {
        await stack.with({ "addons.kiali.serviceType": "NodePort" }, () => stack.up("--skip-preview"));
        expect(await push(sha)).toEqual([stack.name]);
        const { up } = await merge(sha);
        expect(up.steps.up).toMatchObject({ code: 0 });
        expect(up.summary).toMatch(CLOSES);
        expect(await kiali()).toBe("ClusterIP");
        const again = (await merge(sha)).up;
        expect(again.steps.up).toMatchObject({ code: 0 });
        expect(again.summary.split("\n")[0]).toBe(`## 🟢 ${stack.name}: changes nothing`);
    });

    test("leaves no kubeconfig behind", () => {
        const files = readdirSync(project.temp, { recursive: true }).map(String);
        expect(files.filter((file) => file.endsWith("kubeconfig"))).toEqual([]);
        expect(files.filter((file) => file.endsWith("script.sh"))).not.toEqual([]);
    });
});

describe("GitLab", () => {
    /** A job's script as a runner joins it, without the packages, which are there. */
    const script = (file: string, job: string): string[] => {
        const pipeline = parse(readFileSync(project.path(file), "utf8")) as Record<string, { script: string[] }>;
        const lines = pipeline[job]!.script.filter((line) => line !== "npm ci");
        return ["bash", "-e", "-o", "pipefail", "-c", lines.join("\n")];
    };
    let server: ForgeServer;
    let env: Record<string, string>;

    beforeAll(async () => {
        server = await ForgeServer.start("gitlab");
        await stack.with({ "addons.kiali.serviceType": "NodePort" }, () => stack.up("--skip-preview"));
        env = { ...project.git, CI_API_V4_URL: server.url, CI_PROJECT_ID: "7", GITLAB_TOKEN: USER_TOKEN };
    });
    afterAll(() => server.stop());

    /** What the first job makes of an event, and the job of a stack and the last one of the child pipeline. */
    async function pipeline(what: string, variables: Record<string, string>) {
        const found = { ...env, ...variables, WHAT: what };
        expect((await outside(script(".gitlab-ci.yml", "stacks"), found, project.path())).code).toBe(0);
        const child = parse(readFileSync(project.path("child.yml"), "utf8")) as { variables: { STACKS: string } };
        expect(child).toEqual({
            include: { local: `.gitlab/${what}.yml` },
            variables: { STACKS: JSON.stringify([stack.name]) },
            [what]: { parallel: { matrix: [{ STACK: [stack.name] }] } },
        });
        const all = { ...found, ...child.variables, STACK: stack.name };
        return {
            onLab: (job: string) => lab.run(script(`.gitlab/${what}.yml`, job), { env: all }),
            outside: (job: string) => outside(script(`.gitlab/${what}.yml`, job), all, project.path()),
        };
    }

    test("a merge request has one note, and its merge does what that says", async () => {
        const sha = project.runGit("rev-parse", "HEAD");
        for (const name of ["reports", "approved"]) rmSync(project.path(name), { recursive: true, force: true });
        const base = { BASE: project.base, CI_COMMIT_SHA: sha };
        const request = await pipeline("preview", { ...base, CI_MERGE_REQUEST_IID: `${PULL_REQUEST}` });
        expect(await request.onLab("preview")).toMatchObject({ code: 0 });
        for (let times = 0; times < 2; times++) expect((await request.outside("comment")).code).toBe(0);
        expect(server.comments).toMatchObject([{ author: "deployer", edits: 0 }]);
        expect(server.comments[0]!.body.split("\n")[1]).toMatch(CLOSES);

        server.merged.set(sha, PULL_REQUEST);
        const merged = await pipeline("up", base);
        expect((await merged.outside("approved")).code).toBe(0);
        expect(await merged.onLab("up")).toMatchObject({ code: 0, stdout: expect.stringMatching(CLOSES) as string });
        expect(await kiali()).toBe("ClusterIP");
    });

    test("a change that concerns no stack makes a pipeline without a matrix", async () => {
        mkdirSync(project.path("reports"), { recursive: true });
        const found = { ...env, WHAT: "preview", BASE: "HEAD" };
        expect((await outside(script(".gitlab-ci.yml", "stacks"), found, project.path())).code).toBe(0);
        expect(parse(readFileSync(project.path("child.yml"), "utf8"))).toEqual({
            include: { local: ".gitlab/preview.yml" },
            variables: { STACKS: "[]" },
        });
    });
});
