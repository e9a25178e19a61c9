/** A comment or an issue. */
export interface Entry {
    /** By which the API names it. */
    readonly id: number;
    /** Name of the user who wrote it. */
    readonly author: string;
    readonly body: string;
}

/** What of an issue is to be other than it is. */
export interface IssueChange {
    readonly title: string;
    readonly body: string;
    readonly isClosed?: boolean;
}

/** One repository on a forge. A merge request is a pull request. */
export interface Forge {
    /** Name of the user that the token is of. */
    login(): Promise<string>;
    comments(pullRequest: number): Promise<Entry[]>;
    addComment(pullRequest: number, body: string): Promise<void>;
    editComment(pullRequest: number, id: number, body: string): Promise<void>;
    openIssues(): Promise<Entry[]>;
    addIssue(title: string, body: string): Promise<void>;
    editIssue(id: number, change: IssueChange): Promise<void>;
    /** The merged pull request that a commit of the default branch came by. */
    pullRequestOf(commit: string): Promise<number | undefined>;
}
