import { Api, ApiFailure } from "./api";
import type { Entry, Forge, IssueChange } from "./forge";

interface Settings {
    /** Such as `https://api.github.com`; Gitea's and Forgejo's end with `/api/v1`. */
    readonly apiUrl: string;
    /** `<owner>/<name>`. */
    readonly repository: string;
    readonly token: string;
}

interface Written {
    readonly id: number;
    readonly number: number;
    readonly body: string | null;
    readonly user: { readonly login: string } | null;
    readonly pull_request?: object | null;
}

interface PullRequest {
    readonly number: number;
    readonly merged_at: string | null;
}

/** Whose comments those are that a workflow makes with its own token. */
const WORKFLOW_USER = "github-actions[bot]";

/** GitHub, and Gitea and Forgejo, whose API is the same in all that is used but one path. */
export function github({ apiUrl, repository, token }: Settings): Forge {
    const isGitea = apiUrl.endsWith("/api/v1");
    const api = new Api({
        name: isGitea ? "Gitea" : "GitHub",
        base: apiUrl,
        token,
        headers: { authorization: `Bearer ${token}`, accept: "application/json" },
        advice:
            `give the job GITHUB_TOKEN of a user or workflow that may write in ${repository} ` +
            "(permissions: pull-requests: write for comments, issues: write for issues)",
    });
    const inRepository = `/repos/${repository}`;
    const entryOf = (id: number, { user, body }: Written): Entry => ({
        id,
        author: user?.login ?? "",
        body: body ?? "",
    });
    return {
        login: async () => {
            try {
                return (await api.send<{ login: string }>("GET", "/user")).login;
            } catch (error) {
                // A workflow's own token is no user's.
                if (!isGitea && error instanceof ApiFailure && error.status === 403) return WORKFLOW_USER;
                throw error;
            }
        },
        comments: async (pullRequest) =>
            (await api.all<Written>(`${inRepository}/issues/${pullRequest}/comments`)).map((one) =>
                entryOf(one.id, one),
            ),
        addComment: (pullRequest, body) => api.send("POST", `${inRepository}/issues/${pullRequest}/comments`, { body }),
        editComment: (_, id, body) => api.send("PATCH", `${inRepository}/issues/comments/${id}`, { body }),
        openIssues: async () =>
            (await api.all<Written>(`${inRepository}/issues?state=open`))
                .filter((one) => !one.pull_request)
                .map((one) => entryOf(one.number, one)),
        addIssue: (title, body) => api.send("POST", `${inRepository}/issues`, { title, body }),
        editIssue: (id, { title, body, isClosed }: IssueChange) =>
            api.send("PATCH", `${inRepository}/issues/${id}`, { title, body, ...(isClosed && { state: "closed" }) }),
        pullRequestOf: async (commit) => {
            const path = `${inRepository}/commits/${commit}`;
            const found = isGitea ? await pullRequestAt(`${path}/pull`) : await api.all<PullRequest>(`${path}/pulls`);
            return found.find((one) => one.merged_at)?.number;
        },
    };

    /** Gitea knows one of a commit, or answers with 404. */
    async function pullRequestAt(path: string): Promise<PullRequest[]> {
        try {
            return [await api.send<PullRequest>("GET", path)];
        } catch (error) {
            if (error instanceof ApiFailure && error.status === 404) return [];
            throw error;
        }
    }
}
