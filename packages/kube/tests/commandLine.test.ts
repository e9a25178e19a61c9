import { describe, expect, it } from "vitest";
import { complaintOf } from "../src";

const HELP = "npm run lab -- --help";

describe("a complaint about a command line", () => {
    it.each([
        ["error: unknown option '--jsno'\n(Did you mean --json?)", "Unknown option '--jsno' (did you mean --json?)"],
        [
            "error: unknown command 'sta'\n(Did you mean one of start, status, stop?)",
            "Unknown command 'sta' (did you mean start, status or stop?)",
        ],
        [
            "error: too many arguments for 'start'. Expected 0 arguments but got 1.",
            "Too many arguments for 'start'. Expected 0 arguments but got 1",
        ],
    ])("%j is one sentence that says where help is", (message, sentence) => {
        expect(complaintOf(new Error(message), HELP)).toBe(`${sentence}; see: ${HELP}`);
    });
});
