import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ForgeServer, WORKFLOW_TOKEN } from "./forge-server";
import type { Lab } from "./lab";
import { Stack } from "./lab-stack";
import { type Surroundings, WorkflowRun } from "./workflow-run";

/** The pull request of all that is pushed. */
export const PULL_REQUEST = 42;

/** What jobs leave behind in the repository's directory. */
const LEFT_BEHIND = ["reports", "approved", "child.yml"];

/** A repository on a forge whose workflows run on the lab: it has the stacks' settings, and all else is this one's. */
export class DeliveryProject {
    readonly stack: Stack;
    /** Another stack, of nothing that is up: its preview is refused, for a cluster takes one. */
    readonly other: string;
    /** Of git, for this repository. */
    readonly git: Readonly<Record<string, string>>;
    readonly temp = mkdtempSync(join(tmpdir(), "istio-on-pulumi-delivery-"));
    /** The stack's settings as they were before. */
    readonly own: string;
    /** The commit that pull requests begin at. */
    readonly base: string;

    private constructor(
        readonly lab: Lab,
        readonly forge: ForgeServer,
    ) {
        this.stack = new Stack(lab);
        this.other = `${this.stack.name}-eu-2`;
        this.own = readFileSync(this.stack.file, "utf8");
        writeFileSync(this.otherFile, this.own);
        const people = ["AUTHOR", "COMMITTER"].flatMap((who) => [`GIT_${who}_NAME`, `GIT_${who}_EMAIL`]);
        this.git = {
            GIT_DIR: join(this.temp, "git"),
            GIT_WORK_TREE: lab.place.repository,
            ...Object.fromEntries(people.map((name) => [name, "test"])),
        };
        this.runGit("init", "--quiet");
        this.base = this.commit();
    }

    /** On a lab whose stack is up. */
    static async start(lab: Lab): Promise<DeliveryProject> {
        await new Stack(lab).ensureUp();
        const project = new DeliveryProject(lab, await ForgeServer.start("github"));
        await lab.output(["pulumi", "stack", "init", project.other, "--no-select"]);
        return project;
    }

    /** Leaves the lab as it was. */
    async stop(): Promise<void> {
        await this.forge.stop();
        writeFileSync(this.stack.file, this.own);
        await this.lab.run(["pulumi", "cancel", "--yes", "--stack", this.stack.name]);
        await this.lab.run(["pulumi", "stack", "rm", this.other, "--yes", "--force"]);
        for (const path of [this.temp, this.otherFile, ...LEFT_BEHIND.map((name) => this.path(name))]) {
            rmSync(path, { recursive: true, force: true });
        }
        await this.stack.up("--skip-preview");
    }

    /** Of a file in the repository's directory. */
    path(...names: string[]): string {
        return join(this.lab.place.repository, ...names);
    }

    get otherFile(): string {
        return this.path(`Pulumi.${this.other}.yaml`);
    }

    /** The settings of both stacks as they are, as a commit. */
    commit(): string {
        this.runGit("add", "--force", this.stack.file, this.otherFile);
        this.runGit("commit", "--quiet", "--allow-empty", "--message", "change");
        return this.runGit("rev-parse", "HEAD");
    }

    /** A run as GitHub starts it for an event on a commit. */
    run(name: string, github: object, sha: string, inputs?: Surroundings["inputs"]): WorkflowRun {
        const { place } = this.lab;
        const surroundings = {
            github: { token: WORKFLOW_TOKEN, repository: "owner/name", ...github },
            inputs,
            secrets: { KUBECONFIG: readFileSync(place.kubeconfig, "utf8"), PULUMI_CONFIG_PASSPHRASE: "lab" },
            vars: { PULUMI_BACKEND_URL: `file://${place.backend}` },
            env: {
                ...this.git,
                GITHUB_API_URL: this.forge.url,
                GITHUB_REPOSITORY: "owner/name",
                GITHUB_REF: `refs/pull/${PULL_REQUEST}/merge`,
                GITHUB_SHA: sha,
            },
        };
        return new WorkflowRun(this.lab, name, surroundings, mkdtempSync(join(this.temp, "run-")));
    }

    /** A run of the update that somebody starts by hand. */
    runByHand(digest: string): WorkflowRun {
        const github = { event: {}, event_name: "workflow_dispatch", ref: "refs/heads/main" };
        return this.run("up", github, this.base, { stack: this.stack.name, digest });
    }

    runGit(...args: string[]): string {
        const env = { ...process.env, ...this.git };
        return execFileSync("git", args, { cwd: this.path(), env, encoding: "utf8" }).trim();
    }
}
