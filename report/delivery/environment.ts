import { readFileSync } from "node:fs";
import { UserError } from "@istio-on-pulumi/kube";
import type { Forge } from "./forge";
import { github } from "./github";
import { gitlab } from "./gitlab";

/** Where a job of CI runs, by the variables that its runner sets. */
export interface Job {
    readonly forge: Forge;
    /** The one that the job is of; absent outside of one. */
    readonly pullRequest?: number;
    readonly commit: string;
}

/** @throws UserError where these are not a job's variables, or the token is missing */
export function jobIn(env: NodeJS.ProcessEnv): Job {
    if (env.CI_API_V4_URL) {
        return {
            forge: gitlab({
                apiUrl: env.CI_API_V4_URL,
                project: needed(env, "CI_PROJECT_ID"),
                token: needed(env, "GITLAB_TOKEN"),
            }),
            pullRequest: numberIn(env.CI_MERGE_REQUEST_IID),
            commit: needed(env, "CI_COMMIT_SHA"),
        };
    }
    if (env.GITHUB_API_URL) {
        return {
            forge: github({
                apiUrl: env.GITHUB_API_URL.replace(/\/+$/, ""),
                repository: needed(env, "GITHUB_REPOSITORY"),
                token: needed(env, "GITHUB_TOKEN"),
            }),
            pullRequest: pullRequestOfEvent(env) ?? numberIn(/^refs\/pull\/(\d+)\//.exec(env.GITHUB_REF ?? "")?.[1]),
            commit: needed(env, "GITHUB_SHA"),
        };
    }
    throw new UserError(
        "This is no job of GitHub Actions, Gitea Actions, Forgejo Actions or GitLab CI: neither GITHUB_API_URL nor " +
            "CI_API_V4_URL is set. Run it in a workflow (docs/previews.md).",
    );
}

function needed(env: NodeJS.ProcessEnv, name: string): string {
    const value = env[name];
    if (value) return value;
    throw new UserError(
        `${name} is not set: a job of CI has it, and a token comes from its secrets (docs/previews.md).`,
    );
}

const numberIn = (text: string | undefined): number | undefined => (text ? Number(text) : undefined);

function pullRequestOfEvent({ GITHUB_EVENT_PATH: file }: NodeJS.ProcessEnv): number | undefined {
    if (!file) return undefined;
    const event = JSON.parse(readFileSync(file, "utf8")) as { pull_request?: { number: number } };
    return event.pull_request?.number;
}
