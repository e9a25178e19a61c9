import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { parse } from "yaml";
import { CommandFailed, type CommandOptions, type Lab, type Outcome } from "./lab";

const PROJECT = "istio-on-pulumi";

/** A resource as `pulumi stack export` shows it. */
export interface StackResource {
    readonly urn: string;
    readonly type: string;
    readonly custom: boolean;
    /** Whether it is read and not made. */
    readonly external?: boolean;
    readonly id?: string;
    /** `<urn>::<id>` of the provider; a component has none. */
    readonly provider?: string;
    readonly inputs?: Record<string, unknown>;
    readonly outputs?: Record<string, unknown>;
}

/** A past operation as `pulumi stack history` shows it: `update`, `refresh`, `destroy` and so on. */
interface Update {
    readonly kind: string;
    readonly result: "succeeded" | "failed";
}

interface State {
    readonly resources?: StackResource[];
    readonly pending_operations?: readonly unknown[];
}

/** How many resources a preview creates, updates, keeps, and so on, by the engine's word for it. */
export type ChangeSummary = Readonly<Record<string, number>>;

/** The stack of the tests' lab, brought up with plain `pulumi` commands. */
export class Stack {
    readonly name: string;
    /** Of its settings. */
    readonly file: string;

    constructor(readonly lab: Lab) {
        this.name = lab.place.stack;
        this.file = lab.place.stackSettings;
    }

    /** Removes the settings' file. The stack itself goes with the lab's state. */
    async forget(): Promise<void> {
        await rm(this.file, { force: true });
    }

    get exists(): boolean {
        return existsSync(this.file);
    }

    /** The stack's settings as its file holds them, by path. */
    settings(): Record<string, string> {
        return settingsIn(this.file);
    }

    /** Sets settings by their paths, by `pulumi config set-all --path`. */
    async set(settings: Readonly<Record<string, string>>): Promise<void> {
        await this.pulumi([
            "config",
            "set-all",
            "--path",
            ...Object.entries(settings).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]),
        ]);
    }

    /** Sets settings for the time of an action; afterwards the settings are what they were. */
    async with<T>(settings: Readonly<Record<string, string>>, action: () => Promise<T>): Promise<T> {
        const before = readFileSync(this.file);
        try {
            await this.set(settings);
            return await action();
        } finally {
            writeFileSync(this.file, before);
        }
    }

    up(...args: string[]): Promise<string> {
        return this.change("up", args);
    }

    /** Brings the stack up unless its last update did: a file of tests that finds it up need not wait. */
    async ensureUp(): Promise<void> {
        const [last] = JSON.parse(await this.pulumi(["stack", "history", "--page-size", "1", "--json"])) as Update[];
        if (last?.kind === "destroy" || last?.result !== "succeeded") await this.up("--skip-preview");
    }

    refresh(...args: string[]): Promise<string> {
        return this.change("refresh", ["--skip-preview", ...args]);
    }

    destroy(...args: string[]): Promise<string> {
        return this.change("destroy", ["--skip-preview", ...args]);
    }

    preview(...args: string[]): Promise<string> {
        return this.pulumi(["preview", "--suppress-outputs", ...args]);
    }

    /** The numbers of what a preview would do. */
    async previewSummary(): Promise<ChangeSummary> {
        return (JSON.parse(await this.pulumi(["preview", "--json"])) as { changeSummary: ChangeSummary }).changeSummary;
    }

    async outputs<T>(): Promise<T> {
        return JSON.parse(await this.pulumi(["stack", "output", "--json"])) as T;
    }

    /** The resources in the stack's state; none before the first `up` and after `destroy`. */
    async resources(): Promise<StackResource[]> {
        const { resources = [] } = await this.state();
        // The stack itself is one of them.
        return resources.filter(({ type }) => type !== "pulumi:pulumi:Stack");
    }

    /** How many operations were under way when an update was interrupted, as the state remembers. */
    async pending(): Promise<number> {
        return (await this.state()).pending_operations?.length ?? 0;
    }

    private async state(): Promise<State> {
        return (JSON.parse(await this.pulumi(["stack", "export"])) as { deployment: State }).deployment;
    }

    /**
     * Output of a `pulumi` command on this stack that must succeed.
     * @throws CommandFailed with the end of its output
     */
    async pulumi(args: readonly string[], options: CommandOptions = {}): Promise<string> {
        const outcome = await this.attempt(args, options);
        if (outcome.code !== 0) throw new CommandFailed(["pulumi", ...args], outcome);
        return outcome.stdout;
    }

    /** A `pulumi` command on this stack that may fail. */
    attempt(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
        return this.lab.run(
            ["pulumi", ...args, "--stack", this.name, "--non-interactive", "--color", "never"],
            options,
        );
    }

    private change(command: string, args: readonly string[]): Promise<string> {
        return this.pulumi([command, "--yes", "--suppress-outputs", ...args]);
    }
}

/** Settings by path, as far as they are plain values. */
function settingsIn(file: string): Record<string, string> {
    const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    return Object.fromEntries(
        Object.entries(config).flatMap(([key, value]) => pathsIn(key.replace(`${PROJECT}:`, ""), value)),
    );
}

function pathsIn(path: string, value: unknown): [string, string][] {
    if (typeof value !== "object" || value === null) return [[path, String(value)]];
    return Object.entries(value).flatMap(([key, inner]) => pathsIn(`${path}.${key}`, inner));
}
