import { reasonOf } from "./error";

/** How somebody asks an API server, and what its user is told where there is no answer. */
export interface Asking {
    /** How long one request may take, in milliseconds. */
    readonly timeLimit: number;
    /** What is thrown; its message is one sentence. */
    readonly Failure: new (message: string) => Error;
    /** The end of the sentence where the user is refused, such as `use another kubeconfig.` */
    readonly whereRefused: string;
    /** The end of the sentence where nothing usable comes back, such as `name another cluster.` */
    readonly whereUnreachable: string;
}

/** Waits for the answer to a request of the cluster that `where` begins the sentence with; an HTTP status in `absent` means `undefined`. */
export interface Ask {
    <T>(where: string, request: Promise<T>): Promise<T>;
    <T>(where: string, request: Promise<T>, absent: readonly number[]): Promise<T | undefined>;
}

/** A way to ask: it throws one sentence for everything but an answer, and for an answer that does not come in time. */
export function makeAsk({ timeLimit, Failure, whereRefused, whereUnreachable }: Asking): Ask {
    return async <T>(where: string, request: Promise<T>, absent: readonly number[] = []): Promise<T> => {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<never>((_, reject) => {
            timer = setTimeout(() => reject(new Error(`no answer in ${timeLimit / 1000} s`)), timeLimit);
        });
        try {
            return await Promise.race([request, late]);
        } catch (error) {
            const { code } = error as { code?: unknown };
            // Not reached without `absent`, so that the type without `undefined` holds there.
            if (typeof code === "number" && absent.includes(code)) return undefined as T;
            if (code === 401 || code === 403) throw new Failure(`${where} refuses this user (HTTP ${code}); ${whereRefused}`);
            const reason = typeof code === "number" ? `HTTP ${code}` : reasonOf(error);
            throw new Failure(`${where} cannot be reached: ${reason}; check that it runs and that this machine reaches it, or ${whereUnreachable}`);
        } finally {
            clearTimeout(timer);
        }
    };
}
