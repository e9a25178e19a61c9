/** How often a plugin looks whether the engine that started it is still there, in milliseconds. */
const LOOK_EVERY_MS = 2000;

/** Ends this process once the engine that started it is gone: one that was killed ends nobody. */
export function exitWithParent(): void {
    const parent = process.ppid;
    setInterval(() => {
        if (process.ppid !== parent) process.exit(0);
    }, LOOK_EVERY_MS).unref();
}
