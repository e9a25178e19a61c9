import { Api } from "./api";
import type { Entry, Forge } from "./forge";

interface Settings {
    /** Such as `https://gitlab.example.com/api/v4`. */
    readonly apiUrl: string;
    readonly project: string;
    readonly token: string;
}

interface Written {
    readonly author: { readonly username: string };
}
type Note = Written & { readonly id: number; readonly body: string };
type Issue = Written & { readonly iid: number; readonly description: string | null };
interface MergeRequest {
    readonly iid: number;
    readonly state: string;
}

export function gitlab({ apiUrl, project, token }: Settings): Forge {
    const api = new Api({
        name: "GitLab",
        base: apiUrl,
        token,
        headers: { "private-token": token },
        advice:
            "give the job GITLAB_TOKEN, a project access token with scope api and role Reporter " +
            "(CI_JOB_TOKEN may not comment)",
    });
    const inProject = `/projects/${encodeURIComponent(project)}`;
    const notes = (mergeRequest: number) => `${inProject}/merge_requests/${mergeRequest}/notes`;
    return {
        login: async () => (await api.send<{ username: string }>("GET", "/user")).username,
        comments: async (mergeRequest) =>
            (await api.all<Note>(`${notes(mergeRequest)}?sort=asc&order_by=created_at`)).map(
                ({ id, author, body }): Entry => ({ id, author: author.username, body }),
            ),
        addComment: (mergeRequest, body) => api.send("POST", notes(mergeRequest), { body }),
        editComment: (mergeRequest, id, body) => api.send("PUT", `${notes(mergeRequest)}/${id}`, { body }),
        openIssues: async () =>
            (await api.all<Issue>(`${inProject}/issues?state=opened`)).map(({ iid, author, description }): Entry => ({
                id: iid,
                author: author.username,
                body: description ?? "",
            })),
        addIssue: (title, body) => api.send("POST", `${inProject}/issues`, { title, description: body }),
        editIssue: (id, { title, body, isClosed }) =>
            api.send("PUT", `${inProject}/issues/${id}`, {
                title,
                description: body,
                ...(isClosed && { state_event: "close" }),
            }),
        pullRequestOf: async (commit) => {
            const found = await api.all<MergeRequest>(`${inProject}/repository/commits/${commit}/merge_requests`);
            return found.find(({ state }) => state === "merged")?.iid;
        },
    };
}
