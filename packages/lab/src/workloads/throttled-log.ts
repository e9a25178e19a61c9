/** How long the same sentence is not written again, in milliseconds. */
const SILENCE_MS = 10_000;

/** Writes what goes wrong to standard error, but not once for each request: under load that would fill the disk. */
export class ThrottledLog {
    private readonly written = new Map<string, number>();
    private readonly now: () => number;

    /** @param now the time in milliseconds. */
    constructor(now: () => number = Date.now) {
        this.now = now;
    }

    error(sentence: string): void {
        const now = this.now();
        for (const [old, at] of this.written) if (now - at >= SILENCE_MS) this.written.delete(old);
        if (this.written.has(sentence)) return;
        this.written.set(sentence, now);
        console.error(sentence);
    }
}
