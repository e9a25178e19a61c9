import type { Handler } from "./exchange";

/** An application that can answer. */
export interface Application {
    readonly handle: Handler;
    /** Closes its connections to backends. */
    readonly close: () => void;
}
