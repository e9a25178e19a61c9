import { at, list, text, type Tree } from "../object/tree";
import type { HttpClient } from "./http";

export interface WatchEvent {
    type: "ADDED" | "MODIFIED" | "DELETED";
    object: Tree;
}

type Handler = (event: WatchEvent) => void;

/** Seconds after which the API server is asked to end a watch, so that a dead connection is noticed. */
const WATCH_SECONDS = 300;
/** Milliseconds for which an unused watch is kept, as the next resource will often need the same one. */
const LINGER_MS = 15_000;
const RETRY_MS = 1000;

/** Watches of collections, shared by everyone who waits for something in them. */
export class Watches {
    private readonly shared = new Map<string, SharedWatch>();

    constructor(private readonly http: HttpClient) {}

    /**
     * Calls back with every object in the collection, then with every change.
     * @param path the collection's URL
     * @returns ends the subscription
     */
    subscribe(path: string, kind: { apiVersion: string; kind: string }, handler: Handler): () => void {
        let watch = this.shared.get(path);
        if (!watch) {
            watch = new SharedWatch(this.http, path, kind, () => this.shared.delete(path));
            this.shared.set(path, watch);
        }
        return watch.subscribe(handler);
    }
}

class SharedWatch {
    private readonly handlers = new Set<Handler>();
    private readonly objects = new Map<string, Tree>();
    private readonly abort = new AbortController();
    private idle: NodeJS.Timeout | undefined;

    constructor(
        private readonly http: HttpClient,
        private readonly path: string,
        private readonly kind: { apiVersion: string; kind: string },
        private readonly ended: () => void,
    ) {
        void this.run();
    }

    subscribe(handler: Handler): () => void {
        clearTimeout(this.idle);
        this.handlers.add(handler);
        // Later than this call, so that the subscriber is ready for it.
        queueMicrotask(() => {
            for (const object of this.objects.values()) if (this.handlers.has(handler)) handler({ type: "ADDED", object });
        });
        return () => {
            this.handlers.delete(handler);
            if (this.handlers.size) return;
            this.idle = setTimeout(() => this.stop(), LINGER_MS).unref();
        };
    }

    private stop(): void {
        this.ended();
        this.abort.abort();
    }

    private async run(): Promise<void> {
        while (!this.abort.signal.aborted) {
            try {
                let version = await this.relist();
                while (!this.abort.signal.aborted) version = await this.follow(version);
            } catch {
                // A watch is only an early word; whoever waits has a timeout of its own.
                await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
            }
        }
    }

    private async relist(): Promise<string> {
        const answer = await this.http.json(this.path, { signal: this.abort.signal });
        const present = new Set<string>();
        for (const item of list(answer, "items") as Tree[]) {
            present.add(text(item, "metadata", "uid"));
            // Items of a list do not say what they are.
            this.accept({ type: "MODIFIED", object: { ...this.kind, ...item } });
        }
        for (const [uid, object] of this.objects) if (!present.has(uid)) this.accept({ type: "DELETED", object });
        return text(answer, "metadata", "resourceVersion");
    }

    private async follow(version: string): Promise<string> {
        const query = {
            watch: "true",
            allowWatchBookmarks: "true",
            resourceVersion: version,
            timeoutSeconds: String(WATCH_SECONDS),
        };
        let latest = version;
        for await (const line of this.http.lines(this.path, { query, signal: this.abort.signal })) {
            const event = JSON.parse(line) as { type: string; object: Tree };
            if (event.type === "ERROR") throw new Error(text(event.object, "message"));
            latest = text(event.object, "metadata", "resourceVersion") || latest;
            if (event.type !== "BOOKMARK") this.accept(event as WatchEvent);
        }
        return latest;
    }

    private accept(event: WatchEvent): void {
        const uid = text(event.object, "metadata", "uid");
        const known = this.objects.get(uid);
        if (event.type === "DELETED") this.objects.delete(uid);
        else {
            const same = "resourceVersion";
            if (known && at(known, "metadata", same) === at(event.object, "metadata", same)) return;
            this.objects.set(uid, event.object);
        }
        for (const handler of [...this.handlers]) handler(event);
    }
}
