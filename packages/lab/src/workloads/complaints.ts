/** How long the same sentence is not said again, in milliseconds. */
const SILENCE_MS = 10_000;

/** Says on standard error what goes wrong, but not once for each request: under load that would fill the disk. */
export class Complaints {
    private readonly said = new Map<string, number>();
    private readonly now: () => number;

    /** @param now the time in milliseconds. */
    constructor(now: () => number = Date.now) {
        this.now = now;
    }

    say(sentence: string): void {
        const now = this.now();
        for (const [old, at] of this.said) if (now - at >= SILENCE_MS) this.said.delete(old);
        if (this.said.has(sentence)) return;
        this.said.set(sentence, now);
        console.error(sentence);
    }
}
