import type { OutgoingHttpHeaders } from "node:http";
import { Backend, type BackendAnswer } from "../backend";
import type { BackendName, Settings } from "../settings";

/** How long a backend may take, in milliseconds; upstream's. */
const TIMEOUT_MS = 3000;

/** What productpage shows in place of a backend's answer. */
export const UNAVAILABLE: Readonly<Record<BackendName, string>> = {
    details: "The details of this book are unavailable at the moment.",
    reviews: "The reviews of this book are unavailable at the moment.",
    ratings: "The ratings of this book are unavailable at the moment.",
};

/** The services that productpage asks about a book. */
export class Backends {
    private readonly backends: Readonly<Record<BackendName, Backend>>;

    constructor({ backends }: Settings) {
        const backend = (name: BackendName) => new Backend(name, backends[name]);
        this.backends = { details: backend("details"), reviews: backend("reviews"), ratings: backend("ratings") };
    }

    /** Reviews that fail are asked for once more, as upstream does: its experiment with a delay waits twice. */
    async ask(name: BackendName, id: string, headers: OutgoingHttpHeaders): Promise<BackendAnswer> {
        const once = () => this.backends[name].get(`/${name}/${encodeURIComponent(id)}`, headers, TIMEOUT_MS);
        const answer = await once();
        return name === "reviews" && answer.status !== 200 ? once() : answer;
    }

    close(): void {
        for (const backend of Object.values(this.backends)) backend.close();
    }
}
