import { counted } from "../finding";
import type { Watch } from "../traffic";
import { printable } from "./printable";

/** Where progress is written; standard error, for standard output is the report's. */
export interface ProgressStream {
    readonly isTTY?: boolean;
    write(text: string): unknown;
}

/** A terminal's line is rewritten at most so often, in milliseconds. */
const REDRAW = 100;
/** Moves to the start of the line and clears it. */
const CLEAR = "\r\x1b[K";

/**
 * Shows how far the sending is: one line that is rewritten on a terminal, else a line every tenth. With `quiet` (for
 * programs) only a
 * terminal gets any. While it runs, Ctrl-C ends the sending; a second one ends the program.
 */
export function watchRequests(stream: ProgressStream, quiet: boolean): Watch {
    const ending = new AbortController();
    const onInterrupt = () => {
        ending.abort();
        if (stream.isTTY) stream.write(`${CLEAR}Ending early, as asked\n`);
    };
    let of = 0;
    let shown = 0;
    let drawn = 0;
    const text = (done: number, failed: number) => `${done} of ${counted(of, "request")}, ${failed} failed`;
    return {
        signal: ending.signal,
        begin(url, requests) {
            of = requests;
            process.once("SIGINT", onInterrupt);
            if (stream.isTTY || !quiet) stream.write(`Sending ${counted(requests, "request")} to ${printable(url)}\n`);
        },
        progress(done, failed) {
            if (stream.isTTY) {
                if (performance.now() - drawn < REDRAW || ending.signal.aborted) return;
                drawn = performance.now();
                stream.write(`${CLEAR}${text(done, failed)}`);
            } else if (!quiet && Math.floor((done * 10) / of) > shown) {
                shown = Math.floor((done * 10) / of);
                stream.write(`  ${text(done, failed)}\n`);
            }
        },
        end() {
            process.removeListener("SIGINT", onInterrupt);
            if (stream.isTTY) stream.write(CLEAR);
        },
    };
}
