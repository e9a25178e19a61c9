import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** What a command printed, without the last line break. */
export interface Printed {
    readonly stdout: string;
    readonly stderr: string;
}

/** Which output is shown while a command runs, as the input `logging` says it. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** Collects what a command prints. */
export class Output {
    private readonly printed = { stdout: "", stderr: "" };
    private all = "";

    /** @param show told each line of the streams that `logging` names. */
    constructor(
        streams: Readonly<Record<keyof Printed, Readable>>,
        logging: Logging | undefined,
        show: (line: string) => void,
    ) {
        for (const name of ["stdout", "stderr"] as const) {
            const stream = streams[name].setEncoding("utf8");
            stream.on("data", (chunk: string) => {
                this.printed[name] += chunk;
                this.all += chunk;
            });
            if ([undefined, "stdoutAndStderr", name].includes(logging)) {
                createInterface({ input: stream }).on("line", show);
            }
        }
    }

    /** Both streams, once the command has ended. */
    get result(): Printed {
        const { stdout, stderr } = this.printed;
        return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
    }

    /** The error of a command that failed, as the official plugin words it. @param why such as `exit status 1`. */
    failure(why: string, command: string): Error {
        return new Error(`${why}: running ${JSON.stringify(command)}:\n${this.all}`);
    }
}
