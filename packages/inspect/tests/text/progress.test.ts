import { afterEach, describe, expect, it } from "vitest";
import { watchRequests } from "../../src/text/progress";

const interrupts = process.listenerCount("SIGINT");
afterEach(() => expect(process.listenerCount("SIGINT")).toBe(interrupts));

function run(
    { isTTY = false, quiet = false, requests = 40 } = {},
    during: () => void = () => undefined,
): { written: string[]; aborted: boolean } {
    const written: string[] = [];
    const watch = watchRequests({ isTTY, write: (text) => written.push(text) }, quiet);
    watch.begin("http://10.0.0.1:30080/productpage", requests);
    during();
    for (let done = 1; done <= requests; done++) watch.progress(done, done > 20 ? 1 : 0);
    watch.end();
    return { written, aborted: watch.signal.aborted };
}

describe("the progress of requests", () => {
    it("is a line every tenth where there is no terminal", () => {
        const { written } = run();
        expect(written.slice(0, 3)).toEqual([
            "Sending 40 requests to http://10.0.0.1:30080/productpage\n",
            "  4 of 40 requests, 0 failed\n",
            "  8 of 40 requests, 0 failed\n",
        ]);
        expect(written.slice(-1)).toEqual(["  40 of 40 requests, 1 failed\n"]);
        expect(written).toHaveLength(11);
    });

    it("is no more lines than requests", () => {
        expect(run({ requests: 3 }).written).toHaveLength(4);
    });

    it("is one line that is rewritten and cleared on a terminal", () => {
        const { written } = run({ isTTY: true, quiet: true });
        expect(written.slice(0, 2)).toEqual([
            "Sending 40 requests to http://10.0.0.1:30080/productpage\n",
            "\r\x1b[K1 of 40 requests, 0 failed",
        ]);
        expect(written.at(-1)).toBe("\r\x1b[K");
        // Rewritten at most ten times a second.
        expect(written.length).toBeLessThan(20);
    });

    it("is nothing for programs", () => {
        expect(run({ quiet: true }).written).toEqual([]);
    });

    it("ends early by Ctrl-C, and by nothing else", () => {
        expect(run({}, () => process.emit("SIGINT")).aborted).toBe(true);
        expect(run().aborted).toBe(false);
    });
});
