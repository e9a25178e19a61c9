import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "./lab";
import { keyOf, type KubeObject } from "./lab-objects";

interface Watched extends KubeObject {
    webhooks?: { name: string; failurePolicy: string; clientConfig: { caBundle?: string } }[];
}

interface WatchedList {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly resourceVersion: string };
    /** Without their kind. */
    readonly items: readonly Watched[];
}

interface WatchEvent {
    readonly type: "ADDED" | "MODIFIED" | "DELETED" | "ERROR";
    readonly object: Watched;
}

const WEBHOOKS = "/apis/admissionregistration.k8s.io/v1";
const PATHS = [
    `${WEBHOOKS}/mutatingwebhookconfigurations`,
    `${WEBHOOKS}/validatingwebhookconfigurations`,
    "/api/v1/configmaps",
];

/** What was seen of webhooks and of istiod's ConfigMaps while something was done. */
export interface WritesReport {
    /** Lines of what must never happen: a webhook's bundle or strict policy that goes, a ConfigMap that is deleted. */
    readonly wrong: readonly string[];
    /** Lines of how long a webhook had lost its strict policy, until istiod set it again. */
    readonly lapses: readonly string[];
    /** How often istiod made a webhook strict. */
    readonly settled: number;
}

/** Watches each state that webhooks and istiod's ConfigMaps have while something is done. */
export async function writesDuring(lab: Lab, action: () => Promise<unknown>): Promise<WritesReport> {
    const watch = new WritesWatch(lab);
    try {
        await watch.open();
        await action();
        // What was written at the end is told by then.
        await sleep(1000);
        if (watch.hasEnded) throw new Error("a watch of the API server has ended by itself");
    } finally {
        await watch.close();
    }
    return watch;
}

class WritesWatch implements WritesReport {
    readonly wrong: string[] = [];
    readonly lapses: string[] = [];
    settled = 0;
    /** What each webhook was like, by object and webhook. */
    private readonly before = new Map<string, Webhook>();
    /** Those that were strict and are not. */
    private readonly lapsed = new Set<string>();
    private readonly watches: ChildProcess[] = [];

    constructor(private readonly lab: Lab) {}

    get hasEnded(): boolean {
        return this.watches.some(({ exitCode }) => exitCode !== null);
    }

    async open(): Promise<void> {
        await Promise.all(PATHS.map((path) => this.openOne(path)));
    }

    async close(): Promise<void> {
        await Promise.all(
            this.watches.map(async (watch) => {
                if (watch.exitCode !== null) return;
                const ended = once(watch, "exit");
                watch.kill();
                await ended;
            }),
        );
        this.wrong.push(...[...this.lapsed].map((key) => `${key} is lenient for good`));
    }

    private async openOne(path: string): Promise<void> {
        const list = JSON.parse(await this.lab.output(["kubectl", "get", "--raw", path])) as WatchedList;
        const kind = list.kind.replace(/List$/, "");
        for (const item of list.items) this.webhooksOf({ ...item, kind, apiVersion: list.apiVersion });
        const from = `${path}?watch=1&timeoutSeconds=3600&resourceVersion=${list.metadata.resourceVersion}`;
        const watch = await this.lab.spawn(["kubectl", "get", "--raw", from]);
        createInterface({ input: watch.stdout! }).on("line", (line) => this.see(JSON.parse(line) as WatchEvent));
        this.watches.push(watch);
    }

    private see({ type, object }: WatchEvent): void {
        if (type === "ERROR") this.wrong.push(`the watch failed: ${JSON.stringify(object)}`);
        else if (type === "DELETED") this.deleted(object);
        else this.webhooksOf(object);
    }

    private deleted(object: Watched): void {
        const key = keyOf(object);
        for (const known of [...this.before.keys()]) if (known.startsWith(`${key} `)) this.before.delete(known);
        if (/^ConfigMap (istio-system\/|.*\/istio-ca-root-cert$)/.test(key)) this.wrong.push(`${key} is deleted`);
    }

    /** Once istiod has filled it in, a webhook keeps its bundle; its strict policy it has again at once. */
    private webhooksOf(object: Watched): void {
        for (const { name, failurePolicy, clientConfig } of object.webhooks ?? []) {
            const key = `${keyOf(object)} ${name}`;
            const now = {
                hasBundle: Boolean(clientConfig.caBundle),
                isStrict: failurePolicy === "Fail",
                at: Date.now(),
            };
            const then = this.before.get(key);
            if (then?.hasBundle && !now.hasBundle) this.wrong.push(`${key} has no bundle any more`);
            if (then === undefined || then.isStrict === now.isStrict) {
                this.before.set(key, { ...now, at: then?.at ?? now.at });
                continue;
            }
            this.before.set(key, now);
            // What was never strict is new.
            if (now.isStrict) this.strict(key, now.at - then.at);
            else this.lapsed.add(key);
        }
    }

    private strict(key: string, milliseconds: number): void {
        this.settled += 1;
        if (!this.lapsed.delete(key)) return;
        this.lapses.push(`${key} was lenient for ${milliseconds} ms`);
        if (milliseconds >= LAPSE_MS) this.wrong.push(this.lapses.at(-1)!);
    }
}

/** Helm applies the chart's own, lenient policy when it upgrades; istiod sees it and sets its own. */
const LAPSE_MS = 1000;

interface Webhook {
    readonly hasBundle: boolean;
    readonly isStrict: boolean;
    /** Since when, in milliseconds since 1970. */
    readonly at: number;
}
