import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Keeper, type KeeperEvent } from "../../src/control-plane/keeper";
import {
    endProcess,
    isAlive,
    parseProcStat,
    readRecords,
    recordOf,
    removeRecord,
    saveRecord,
} from "../../src/control-plane/processes";

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "processes-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("parseProcStat", () => {
    it("reads past a command's name with blanks and brackets", () => {
        const rest = Array.from({ length: 50 }, (_, index) => String(index + 4)).join(" ");
        expect(parseProcStat(`12 (a) b) c) S ${rest}`)).toEqual({ state: "S", startTicks: "22" });
    });
});

describe("records", () => {
    it("know a living process from a later one with its pid", () => {
        const record = recordOf("self", process.pid)!;
        expect(isAlive(record)).toBe(true);
        expect(isAlive({ ...record, startTicks: "1" })).toBe(false);
        expect(isAlive({ ...record, bootId: "another boot" })).toBe(false);
    });

    it("are kept one a file; damaged ones count as none", () => {
        saveRecord(dir, { name: "etcd", pid: 1, startTicks: "1", bootId: "b" });
        writeFileSync(join(dir, "broken.json"), "{");
        expect(readRecords(dir).map(({ name }) => name)).toEqual(["etcd"]);
        removeRecord(dir, "etcd");
        removeRecord(dir, "etcd");
        expect(readdirSync(dir)).toEqual(["broken.json"]);
        expect(readRecords(join(dir, "absent"))).toEqual([]);
    });
});

describe("endProcess", () => {
    it("kills a process that does not end when asked", async () => {
        const child = spawn(
            process.execPath,
            ["-e", "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"],
            { stdio: ["ignore", "pipe", "ignore"] },
        );
        const ended = new Promise<string | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)));
        await new Promise((resolve) => child.stdout.once("data", resolve));
        await endProcess(recordOf("stubborn", child.pid!)!, 100);
        expect(await ended).toBe("SIGKILL");
    });

    it("leaves alone what is another process by now", async () => {
        await endProcess({ ...recordOf("self", process.pid)!, startTicks: "1" }, 100);
        expect(isAlive(recordOf("self", process.pid)!)).toBe(true);
    });
});

describe("Keeper", () => {
    function keep(script: string, maxMs = 20, completes = false) {
        const events: KeeperEvent[] = [];
        let wake = () => undefined as void;
        const program = {
            name: "part",
            command: [process.execPath, "-e", script] as const,
            env: {},
            logFile: join(dir, "log"),
            runDir: join(dir, "run"),
            graceMs: 1000,
            backoff: { firstMs: 10, maxMs },
            completes,
        };
        const keeper = new Keeper(program, (event) => {
            events.push(event);
            wake();
        });
        keeper.start();
        const count = async (number: number) => {
            while (events.length < number) await new Promise<void>((resolve) => (wake = resolve));
            return events;
        };
        return { keeper, count };
    }

    it("starts an ended program again, each time later up to the maximum, and says how it ended", async () => {
        const { keeper, count } = keep("process.exit(3)");
        const events = await count(6);
        await keeper.stop();
        expect(events.filter(({ type }) => type === "exited").slice(0, 3)).toMatchObject([
            { code: 3, restartInMs: 10 },
            { code: 3, restartInMs: 20 },
            { code: 3, restartInMs: 20 },
        ]);
        expect(keeper.restarts).toBeGreaterThanOrEqual(2);
    });

    it("starts a program that completes again until it ends well, and then no more", async () => {
        const marker = join(dir, "tried");
        const { keeper, count } = keep(
            `const [fs, marker] = [require("node:fs"), ${JSON.stringify(marker)}];
            if (fs.existsSync(marker)) process.exit(0);
            fs.writeFileSync(marker, "");
            process.exit(1);`,
            20,
            true,
        );
        const events = await count(4);
        await keeper.stop();
        expect(events.map(({ type }) => type)).toEqual(["started", "exited", "started", "completed"]);
        expect(readRecords(join(dir, "run"))).toEqual([]);
    });

    it("records the pid while the program runs, and ends it for good", async () => {
        const { keeper, count } = keep("setInterval(() => {}, 1000)");
        const [started] = await count(1);
        expect(started).toEqual({ type: "started", pid: keeper.pid });
        const [record] = readRecords(join(dir, "run"));
        expect(record).toMatchObject({ name: "part", pid: keeper.pid });
        await keeper.stop();
        expect(isAlive(record!)).toBe(false);
        expect(readRecords(join(dir, "run"))).toEqual([]);
    });

    it("says why a program cannot be started", async () => {
        const events: KeeperEvent[] = [];
        const program = {
            name: "part",
            command: [join(dir, "absent")] as const,
            env: {},
            logFile: join(dir, "log"),
            runDir: dir,
            graceMs: 100,
            backoff: { firstMs: 60_000, maxMs: 60_000 },
        };
        const keeper = new Keeper(program, (event) => events.push(event));
        keeper.start();
        while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
        await keeper.stop();
        const failure: unknown = expect.stringContaining("ENOENT");
        expect(events).toMatchObject([{ type: "exited", failure }]);
    });
});
