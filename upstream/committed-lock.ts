import type { Lock } from "./lock-format";
import lockJson from "./lock.json";

/** The committed lock. Apart from `lock-format.ts`, so that a missing or broken `lock.json` can still be updated. */
export const LOCK: Lock = lockJson;
