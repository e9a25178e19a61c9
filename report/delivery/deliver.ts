import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { UserError } from "@istio-on-pulumi/kube";
import { merge } from "../comment";
import type { Kind } from "../model";
import type { Report } from "../report";
import { listed } from "../words";
import { ApiFailure } from "./api";
import type { Entry, Forge } from "./forge";

/** By which a comment and an issue are known again; out of sight. */
const MARKS = { comment: "<!-- istio-on-pulumi:comment -->\n", issue: "<!-- istio-on-pulumi:drift -->\n" };

/** What was done, in a word for the log. */
export type Done = "added" | "edited" | "closed" | "left as it is" | "not needed";

/** Reports, and which stacks they should be of. */
export interface Delivery {
    readonly reports: readonly Report[];
    /**
     * All that the comment is of: one without a report is said to have none, and what a former comment has of others
     * goes. Where it is absent, that stays.
     */
    readonly stacks?: readonly string[];
}

/** Has one comment on a pull request with these reports in it: adds it, or edits the one that is there. */
export async function deliverComment(forge: Forge, pullRequest: number, delivery: Delivery): Promise<Done> {
    const existing = await ownEntry(forge, await forge.comments(pullRequest), MARKS.comment);
    const former = delivery.stacks ? undefined : existing?.body.slice(MARKS.comment.length);
    const text = textOf(delivery, "preview", former);
    const body = MARKS.comment + (text ?? NOTHING);
    if (existing === undefined) {
        if (text === undefined) return "not needed";
        await forge.addComment(pullRequest, body);
        return "added";
    }
    if (isSameText(existing.body, body)) return "left as it is";
    await forge.editComment(pullRequest, existing.id, body);
    return "edited";
}

/** Of a comment whose stacks a later push has left alone. */
const NOTHING = "This change concerns no stack.\n";

/**
 * Has one open issue as long as a stack drifts: adds it, edits it, and closes it when nothing differs any more. What
 * could not be told neither opens nor closes one.
 */
export async function deliverIssue(forge: Forge, delivery: Delivery): Promise<Done> {
    const existing = await ownEntry(forge, await forge.openIssues(), MARKS.issue);
    const all = completed(delivery, "drift");
    const drifting = all.filter(({ changes, refusals }) => changes.length > 0 && refusals.length === 0);
    if (existing === undefined && drifting.length === 0) return "not needed";
    const isTold = all.every(({ refusals }) => refusals.length === 0);
    const isClosed = drifting.length === 0 && isTold;
    const body = MARKS.issue + (textOf(delivery, "drift") ?? NOTHING);
    const title =
        drifting.length > 0
            ? `Drift: ${listed(drifting.map(({ stack }) => stack))}`
            : `Drift: ${isTold ? "none" : "cannot be told"}`;
    if (existing === undefined) {
        await forge.addIssue(title, body);
        return "added";
    }
    if (!isClosed && isSameText(existing.body, body)) return "left as it is";
    await forge.editIssue(existing.id, { title, body, isClosed });
    return isClosed ? "closed" : "edited";
}

/**
 * The comment that was on the pull request by which a commit came, as this program left it.
 *
 * @throws UserError where nobody can have approved anything
 */
export async function approvedComment(forge: Forge, commit: string): Promise<string> {
    const pullRequest = await forge.pullRequestOf(commit);
    if (pullRequest === undefined) {
        throw new UserError(
            `Commit ${commit} came by no pull request, so nothing that it does was approved: run the workflow by hand, ` +
                "with the digest of a preview's report.",
        );
    }
    const comment = await ownEntry(forge, await forge.comments(pullRequest), MARKS.comment);
    if (comment === undefined) {
        throw new UserError(
            `Pull request ${pullRequest} has no report, so nothing that it does was approved: run the workflow by hand, ` +
                "with the digest of a preview's report.",
        );
    }
    return comment.body.slice(MARKS.comment.length);
}

/** The first one with the mark that the token's own user wrote: anybody can write the mark. */
async function ownEntry(forge: Forge, entries: readonly Entry[], mark: string): Promise<Entry | undefined> {
    const marked = entries
        .map((entry) => ({ ...entry, body: entry.body.replaceAll("\r\n", "\n") }))
        .filter(({ body }) => body.startsWith(mark));
    if (marked.length === 0) return undefined;
    const login = await forge.login();
    return marked.find(({ author }) => author === login);
}

/** A forge may take away what ends a text. */
const isSameText = (one: string, other: string): boolean => one.trimEnd() === other.trimEnd();

function textOf(delivery: Delivery, kind: Kind, former?: string): string | undefined {
    return completed(delivery, kind).reduce<string | undefined>((text, report) => merge(text, report), former);
}

/** With a report for each stack that should have one. */
function completed({ reports, stacks = [] }: Delivery, kind: Kind): readonly Report[] {
    const missing = stacks.filter((stack) => !reports.some((report) => report.stack === stack));
    const reason = "Its job has ended without a report: see the log.";
    return [
        ...reports,
        ...missing.map((stack) => ({
            stack,
            kind,
            headline: `no report: ${reason}`,
            level: "none" as const,
            counts: { created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 0 },
            refusals: [reason],
            risks: [],
            changes: [],
        })),
    ];
}

/** How a delivery is tried again. */
interface Patience {
    readonly attempts?: number;
    /** Before the second attempt, in milliseconds; doubled for each later one. */
    readonly pauseMs?: number;
}

/** The longest that a server's `Retry-After` is obeyed. */
const LONGEST_PAUSE = 60_000;

/**
 * Tries again what may pass, and all of it: an answer that was lost may be that of a comment which is there now, and
 * the next attempt finds it.
 */
export function patiently<T>(action: () => Promise<T>, { attempts = 4, pauseMs = 1000 }: Patience = {}): Promise<T> {
    return pRetry(action, {
        retries: attempts - 1,
        minTimeout: pauseMs,
        shouldRetry: ({ error }) => error instanceof ApiFailure && error.isPassing,
        onFailedAttempt: async ({ error, retriesLeft }) => {
            const pause = error instanceof ApiFailure ? (error.retryAfterMs ?? 0) : 0;
            if (retriesLeft > 0) await sleep(Math.min(pause, LONGEST_PAUSE));
        },
    });
}
