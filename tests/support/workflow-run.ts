import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { parse } from "yaml";
import type { Lab, Outcome } from "./lab";

interface Step {
    readonly id?: string;
    readonly name?: string;
    readonly if?: string;
    readonly run?: string;
    readonly uses?: string;
    readonly with?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
}

interface Job {
    readonly if?: string;
    readonly needs?: string | readonly string[];
    readonly outputs?: Readonly<Record<string, string>>;
    readonly strategy?: { readonly matrix: { readonly stack: string } };
    readonly steps: readonly Step[];
}

export interface Workflow {
    readonly permissions: Readonly<Record<string, string>>;
    readonly jobs: Readonly<Record<string, Job & { readonly permissions?: Readonly<Record<string, string>> }>>;
}

/** What a runner knows besides the workflow: its expressions' contexts, and the variables that it sets. */
export interface Surroundings {
    readonly github: object;
    readonly secrets: Readonly<Record<string, string>>;
    readonly vars: Readonly<Record<string, string>>;
    readonly inputs?: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
}

/** How a job ended: what each of its steps did, by the steps' names. */
export interface Ended {
    readonly result: "success" | "failure";
    readonly outputs: Readonly<Record<string, string>>;
    readonly steps: Readonly<Record<string, Outcome>>;
    readonly summary: string;
}

export const workflowIn = (root: string, name: string): Workflow =>
    parse(readFileSync(join(root, ".github/workflows", `${name}.yml`), "utf8")) as Workflow;

/**
 * One run of a GitHub workflow, as far as these workflows go: their own commands are executed as a runner does, on the
 * lab. Actions are not: a checkout is the repository without what jobs leave behind, artifacts are copied.
 */
export class WorkflowRun {
    private readonly workflow: Workflow;
    private readonly needs: Record<string, { result: string; outputs: object }> = {};

    constructor(
        private readonly lab: Lab,
        name: string,
        private readonly surroundings: Surroundings,
        /** A directory that is gone with the test. */
        private readonly temp: string,
    ) {
        this.workflow = workflowIn(lab.place.repository, name);
        mkdirSync(join(temp, "artifacts"), { recursive: true });
    }

    /** The stacks that a job's matrix is of. */
    matrix(job: string): string[] {
        return this.value(this.workflow.jobs[job]!.strategy!.matrix.stack, {}) as string[];
    }

    /** Runs a job if its condition holds; for one with a matrix, that of a stack. */
    async job(name: string, stack?: string): Promise<Ended | "skipped"> {
        const job = this.workflow.jobs[name]!;
        if (!this.holds(job.if, {})) {
            this.needs[name] = { result: "skipped", outputs: {} };
            return "skipped";
        }
        this.checkOut();
        const steps: Record<string, Outcome> = {};
        const outputs: Record<string, { outputs: Record<string, string> }> = {};
        const temp = mkdtempSync(join(this.temp, "job-"));
        let isFailed = false;
        for (const step of job.steps) {
            const contexts = { steps: outputs, matrix: { stack }, runner: { temp } };
            if (step.if === undefined ? isFailed : !this.holds(step.if, contexts, isFailed)) continue;
            if (step.uses) this.copy(step, contexts);
            // The packages are there, and the lab reaches no registry.
            if (!step.run || step.run === "npm ci") continue;
            const { command, env, output } = this.commandOf(step, contexts, temp);
            // What looks at a cluster runs in the lab, which does not reach the forge.
            const isOnLab = "PULUMI_BACKEND_URL" in (step.env ?? {});
            const { repository } = this.lab.place;
            const outcome = await (isOnLab ? this.lab.run(command, { env }) : outside(command, env, repository));
            steps[step.name ?? step.id ?? step.run] = outcome;
            isFailed ||= outcome.code !== 0;
            if (step.id) outputs[step.id] = { outputs: pairsIn(output) };
        }
        const ended = {
            result: isFailed ? ("failure" as const) : ("success" as const),
            outputs: this.values(job.outputs ?? {}, { steps: outputs }),
            steps,
            summary: existsSync(join(temp, "summary")) ? readFileSync(join(temp, "summary"), "utf8") : "",
        };
        this.needs[name] = ended;
        return ended;
    }

    /** A step's command line and variables, for whoever runs it by hand. */
    step(job: string, name: string, stack: string) {
        const temp = mkdtempSync(join(this.temp, "step-"));
        const step = this.workflow.jobs[job]!.steps.find((one) => one.name === name)!;
        return this.commandOf(step, { matrix: { stack }, runner: { temp } }, temp);
    }

    /** Takes away what jobs leave in the repository's directory. */
    checkOut(): void {
        for (const name of ["reports", "approved"]) {
            rmSync(join(this.lab.place.repository, name), { recursive: true, force: true });
        }
    }

    private commandOf(step: Step, contexts: object, temp: string) {
        const [script, output] = [join(temp, "script.sh"), join(temp, `output-${step.id}`)];
        writeFileSync(script, step.run!);
        writeFileSync(output, "");
        const env = {
            ...this.surroundings.env,
            RUNNER_TEMP: temp,
            GITHUB_OUTPUT: output,
            GITHUB_STEP_SUMMARY: join(temp, "summary"),
            ...this.values(step.env ?? {}, contexts),
        };
        return { command: ["bash", "-e", script], env, output };
    }

    private copy(step: Step, contexts: object): void {
        const { name, pattern, path } = this.values(step.with ?? {}, contexts);
        const stored = join(this.temp, "artifacts");
        const directory = join(this.lab.place.repository, path ?? "");
        if (step.uses!.startsWith("actions/upload-artifact@")) {
            if (existsSync(directory)) cpSync(directory, join(stored, name!), { recursive: true });
        }
        if (step.uses!.startsWith("actions/download-artifact@")) {
            const wanted = name ?? pattern!.replace("*", "");
            for (const each of ["", ...this.stacksStored].map((stack) => join(stored, wanted + stack))) {
                if (existsSync(each) && each !== stored) cpSync(each, directory, { recursive: true });
            }
        }
    }

    private get stacksStored(): string[] {
        return Object.values(this.needs).flatMap(({ outputs }) => {
            const { stacks } = outputs as { stacks?: string };
            return stacks === undefined ? [] : (JSON.parse(stacks) as string[]);
        });
    }

    private holds(condition: string | undefined, contexts: object, isFailed = false): boolean {
        if (condition === undefined) return Object.values(this.needs).every(({ result }) => result !== "failure");
        const expression = condition.replace(/^\$\{\{(.*)\}\}$/, "$1");
        const value = Boolean(this.evaluated(expression, contexts));
        return value && (!isFailed || /always\(\)|failure\(\)/.test(expression));
    }

    private values(texts: Readonly<Record<string, unknown>>, contexts: object): Record<string, string> {
        return Object.fromEntries(
            Object.entries(texts).map(([key, text]) => [key, (this.value(String(text), contexts) ?? "") as string]),
        );
    }

    /** A text with its expressions' values; one expression alone is its value. */
    private value(text: string, contexts: object): unknown {
        const alone = /^\$\{\{((?:(?!\}\}).)*)\}\}$/.exec(text)?.[1];
        if (alone !== undefined) return this.evaluated(alone, contexts);
        return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) =>
            String(this.evaluated(expression, contexts)),
        );
    }

    /** These workflows' expressions mean the same in JavaScript. */
    private evaluated(expression: string, contexts: object): unknown {
        const { github, secrets, vars, inputs = {} } = this.surroundings;
        const functions = {
            always: () => true,
            cancelled: () => false,
            failure: () => Object.values(this.needs).some(({ result }) => result === "failure"),
            fromJSON: (text: string) => JSON.parse(text) as unknown,
            format: (text: string, value: string) => text.replace("{0}", value),
        };
        return runInNewContext(expression, {
            github,
            secrets,
            vars,
            inputs,
            needs: this.needs,
            ...contexts,
            ...functions,
        });
    }
}

/** Runs a command on this machine, with a runner's variables alone. */
export async function outside(command: readonly string[], env: Record<string, string>, cwd: string): Promise<Outcome> {
    const { execa } = await import("execa");
    const { exitCode, stdout, stderr } = await execa(command[0]!, command.slice(1), {
        cwd,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
        extendEnv: false,
        reject: false,
        stripFinalNewline: false,
    });
    return { code: exitCode ?? 1, stdout, stderr };
}

const pairsIn = (file: string): Record<string, string> =>
    Object.fromEntries(
        readFileSync(file, "utf8")
            .split("\n")
            .filter((line) => line.includes("="))
            .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
