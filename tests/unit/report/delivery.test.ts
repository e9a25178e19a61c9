import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
    approvedComment,
    deliverComment,
    deliverIssue,
    type Delivery,
    patiently,
} from "../../../report/delivery/deliver";
import { jobIn } from "../../../report/delivery/environment";
import type { Report } from "../../../report/report";
import { ForgeServer, READER_TOKEN, USER_TOKEN, WORKFLOW_TOKEN } from "../../support/forge-server";

const KINDS = ["github", "gitea", "gitlab"] as const;
const PULL = 12;
const COMMIT = "c0ffee";

/** As the runner of each sets them. */
const environment = (server: ForgeServer, token: string): NodeJS.ProcessEnv =>
    server.kind === "gitlab"
        ? {
              CI_API_V4_URL: server.url,
              CI_PROJECT_ID: "7",
              CI_MERGE_REQUEST_IID: `${PULL}`,
              CI_COMMIT_SHA: COMMIT,
              GITLAB_TOKEN: token,
          }
        : {
              GITHUB_API_URL: server.url,
              GITHUB_REPOSITORY: "owner/name",
              GITHUB_REF: `refs/pull/${PULL}/merge`,
              GITHUB_SHA: COMMIT,
              GITHUB_TOKEN: token,
          };
const forgeOf = (server: ForgeServer, token = USER_TOKEN) => jobIn(environment(server, token)).forge;

const report = (stack: string, headline: string, more: Partial<Report> = {}): Report => ({
    stack,
    kind: "preview",
    headline,
    level: "none",
    counts: { created: 0, updated: 0, replaced: 0, deleted: 0, unchanged: 1 },
    digest: `${stack}-0123456789abcdef`,
    refusals: [],
    risks: [],
    changes: [],
    ...more,
});
const drift = (stack: string, differs: boolean, refusals: string[] = []): Report =>
    report(stack, differs ? "is another" : "nothing differs", {
        kind: "drift",
        refusals,
        changes: differs
            ? [
                  {
                      title: "A",
                      urn: "a",
                      verb: "update",
                      level: "none",
                      fields: [],
                      because: [],
                      writers: [],
                      patch: "+a\n",
                  },
              ]
            : [],
    });
const quick = { attempts: 3, pauseMs: 1 };

describe.each(KINDS)("on %s", (kind) => {
    let server: ForgeServer;
    beforeEach(async () => {
        server = await ForgeServer.start(kind);
    });
    afterEach(() => server.stop());

    const comment = (delivery: Delivery) => deliverComment(forgeOf(server), PULL, delivery);
    const issue = (...reports: Report[]) => deliverIssue(forgeOf(server), { reports });
    const titles = () => server.comments.flatMap(({ body }) => body.match(/^## .*/gm) ?? []);

    it("one comment is added, then edited, and left alone where it says the same", async () => {
        expect(await comment({ reports: [report("a", "one")] })).toBe("added");
        expect(await comment({ reports: [report("a", "two")] })).toBe("edited");
        expect(await comment({ reports: [report("a", "two")] })).toBe("left as it is");
        expect(server.comments).toMatchObject([{ author: "deployer", edits: 1 }]);
        expect(titles()).toEqual(["## 🟢 a: two"]);
    });

    it("it is found behind hundreds of others", async () => {
        for (let index = 0; index < 250; index++) server.write("comments", "somebody", `comment ${index}`);
        await comment({ reports: [report("a", "one")] });
        await comment({ reports: [report("a", "two")] });
        expect(server.comments).toHaveLength(251);
        expect(titles()).toEqual(["## 🟢 a: two"]);
    });

    it("somebody else's that has the mark is neither read nor edited", async () => {
        await comment({ reports: [report("a", "one")] });
        const forged = server.comments[0]!.body.replace(": one", ": forged");
        server.comments.length = 0;
        server.write("comments", "mallory", forged);
        await comment({ reports: [report("b", "two")] });
        expect(server.comments).toMatchObject([{ body: forged, edits: 0 }, { author: "deployer" }]);
        expect(server.comments[1]!.body).not.toContain("forged");
        server.merged.set(COMMIT, PULL);
        expect(await approvedComment(forgeOf(server), COMMIT)).not.toContain("forged");
    });

    it("others' parts stay, unless it is said which stacks it is of", async () => {
        await comment({ reports: [report("a", "one")] });
        await comment({ reports: [report("b", "two")] });
        expect(titles()).toEqual(["## 🟢 a: one", "## 🟢 b: two"]);
        await comment({ reports: [report("b", "three")], stacks: ["b", "c"] });
        expect(titles()).toEqual([
            "## 🟢 b: three",
            "## ⛔ c: no report: Its job has ended without a report: see the log.",
        ]);
        expect(await comment({ reports: [], stacks: [] })).toBe("edited");
        expect(server.comments[0]!.body).toContain("This change concerns no stack.");
    });

    it("nothing is commented where no stack is concerned", async () => {
        expect(await comment({ reports: [], stacks: [] })).toBe("not needed");
        expect(server.comments).toEqual([]);
    });

    it("an answer that was lost makes no second comment", async () => {
        server.failOnce(502, { isDone: true });
        expect(await patiently(() => comment({ reports: [report("a", "one")] }), quick)).toBe("left as it is");
        expect(server.comments).toHaveLength(1);
    });

    it("what may pass is tried again, as long as the server wants", async () => {
        server.failOnce(503);
        server.failOnce(429, { headers: { "retry-after": "0" } });
        expect(await patiently(() => comment({ reports: [report("a", "one")] }), quick)).toBe("added");
    });

    it("what does not pass is told in a sentence, without the token", async () => {
        const asked = () => server.requests.filter((request) => !request.startsWith("GET")).length;
        for (const status of [500, 500, 500]) server.failOnce(status);
        await expect(patiently(() => comment({ reports: [report("a", "one")] }), quick)).rejects.toThrow(
            /^POST \S+ of \w+ at http:\S+ is answered with 500 \(Server Error\)\.$/,
        );
        expect(asked()).toBe(3);
        const may = (token: string) =>
            patiently(() => deliverComment(forgeOf(server, token), PULL, { reports: [report("a", "one")] }), quick);
        await expect(may(READER_TOKEN)).rejects.toThrow(
            /403 \(Resource not accessible\); give the job GIT(HUB|LAB)_TOKEN/,
        );
        expect(asked()).toBe(4);
        await expect(may("stolen-token")).rejects.toThrow(/401 \(.*\*\*\*\); give the job GIT(HUB|LAB)_TOKEN/);
        await expect(may("stolen-token")).rejects.not.toThrow(/stolen/);
        await server.stop();
        await expect(may(USER_TOKEN)).rejects.toThrow(/^\w+ at http:\S+ cannot be asked: .*ECONNREFUSED/);
    });

    it("a comment of many large stacks is taken", async () => {
        const change = (title: string) => ({
            title,
            urn: title,
            verb: "update" as const,
            level: "none" as const,
            fields: [],
            because: [],
            writers: [],
            patch: `+${"ü".repeat(20_000)}\n`,
        });
        const reports = ["a", "b", "c"].map((stack) => report(stack, "much", { changes: ["1", "2", "3"].map(change) }));
        expect(await comment({ reports })).toBe("added");
    });

    it("an issue is opened once, edited as long as something differs, and closed", async () => {
        expect(await issue(drift("a", false))).toBe("not needed");
        expect(await issue(drift("a", true), drift("b", false))).toBe("added");
        expect(await issue(drift("a", true), drift("b", false))).toBe("left as it is");
        expect(await issue(drift("a", true), drift("b", true))).toBe("edited");
        expect(server.issues).toMatchObject([{ title: "Drift: a and b", isOpen: true }]);
        expect(await issue(drift("a", false), drift("b", false, ["It is not reached."]))).toBe("edited");
        expect(server.issues).toMatchObject([{ title: "Drift: cannot be told", isOpen: true }]);
        expect(await issue(drift("a", false), drift("b", false))).toBe("closed");
        expect(server.issues).toMatchObject([{ isOpen: false }]);
        expect(await issue(drift("a", false))).toBe("not needed");
        expect(await issue(drift("a", true))).toBe("added");
        expect(server.issues.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    });

    it("what could not be told opens no issue", async () => {
        expect(await issue(drift("a", false, ["It is not reached."]))).toBe("not needed");
    });

    it("what was approved is on the pull request by which the commit came", async () => {
        const approved = () => approvedComment(forgeOf(server), COMMIT);
        await expect(approved()).rejects.toThrow(`Commit ${COMMIT} came by no pull request`);
        server.merged.set(COMMIT, PULL);
        await expect(approved()).rejects.toThrow(`Pull request ${PULL} has no report`);
        await comment({ reports: [report("a", "one")] });
        expect(await approved()).toMatch(/^## 🟢 a: one\n/);
    });
});

it("a workflow's own token is no user's", async () => {
    const server = await ForgeServer.start("github");
    onTestFinished(() => server.stop());
    const forge = forgeOf(server, WORKFLOW_TOKEN);
    await deliverComment(forge, PULL, { reports: [report("a", "one")] });
    await deliverComment(forge, PULL, { reports: [report("a", "two")] });
    expect(server.comments).toMatchObject([{ author: "github-actions[bot]", edits: 1 }]);
});

describe("a job", () => {
    const github = {
        GITHUB_API_URL: "https://forge/api/v1/",
        GITHUB_REPOSITORY: "o/n",
        GITHUB_SHA: "c",
        GITHUB_TOKEN: "t",
    };

    it("knows its pull request by the event, else by the ref", () => {
        const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-event-"));
        onTestFinished(() => rmSync(dir, { recursive: true }));
        const file = join(dir, "event.json");
        writeFileSync(file, JSON.stringify({ pull_request: { number: 5 } }));
        expect(jobIn({ ...github, GITHUB_EVENT_PATH: file, GITHUB_REF: "refs/pull/6/merge" }).pullRequest).toBe(5);
        writeFileSync(file, "{}");
        expect(jobIn({ ...github, GITHUB_EVENT_PATH: file, GITHUB_REF: "refs/pull/6/head" }).pullRequest).toBe(6);
        expect(jobIn({ ...github, GITHUB_REF: "refs/heads/main" }).pullRequest).toBeUndefined();
    });

    it("is asked for what it does not have", () => {
        expect(() => jobIn({})).toThrow(/^This is no job of GitHub Actions/);
        expect(() => jobIn({ ...github, GITHUB_TOKEN: "" })).toThrow(/^GITHUB_TOKEN is not set/);
    });
});
