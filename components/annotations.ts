/** Tells the provider not to wait for an object. */
export const SKIP_AWAIT = { "pulumi.com/skipAwait": "true" };

/** Tells the provider to wait until an object's condition is true. */
export function waitForCondition(type: string): Record<string, string> {
    return { "pulumi.com/waitFor": `condition=${type}` };
}

/**
 * Tells the provider to take fields over from whoever set them. For CRDs, which outlive the stack: the provider updates
 * them by a plain update, and what that has set is another owner's to the apply by which a later stack creates them.
 */
export const TAKE_OVER = { "pulumi.com/patchForce": "true" };
