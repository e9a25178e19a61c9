/** Tells the provider not to wait for an object. */
export const SKIP_AWAIT = { "pulumi.com/skipAwait": "true" };

/** Tells the provider to wait until an object's condition is true. */
export function waitForCondition(type: string): Record<string, string> {
    return { "pulumi.com/waitFor": `condition=${type}` };
}

/** Says which stack installed a CRD; it decides, on every later run, whether the stack manages it. */
export const INSTALLED_BY = "istio-on-pulumi/installed-by";
