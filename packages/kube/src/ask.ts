import { reasonOf, UserError } from "./errors";
import type { WaysToName } from "./kubeconfig";

/**
 * Waits for the answer to a request of the cluster that `where` begins the sentence with; an HTTP status in `absent`
 * means `undefined`.
 */
export interface Ask {
    <T>(where: string, request: Promise<T>): Promise<T>;
    <T>(where: string, request: Promise<T>, absent: readonly number[]): Promise<T | undefined>;
}

/**
 * Makes the function by which a program asks an API server.
 *
 * @param options.timeLimit how long one request may take, in milliseconds
 * @param options.rights what the user must be able to do, such as `administer the cluster`
 * @returns a function that throws a UserError for everything but an answer, and for one that does not come in time
 */
export function makeAsk({ timeLimit, rights, ways }: { timeLimit: number; rights: string; ways: WaysToName }): Ask {
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
            if (code === 401 || code === 403)
                throw new UserError(
                    `${where} refuses this user (HTTP ${code}); use a kubeconfig whose user may ${rights}, with: ` +
                        `${ways.kubeconfig}`,
                );
            const reason = typeof code === "number" ? `HTTP ${code}` : reasonOf(error);
            throw new UserError(
                `${where} cannot be reached: ${reason}; check that it runs and that this machine reaches it, or ` +
                    `name another with: ${ways.context}`,
            );
        } finally {
            clearTimeout(timer);
        }
    };
}
