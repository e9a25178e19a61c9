/** The version of the Kubernetes plugin that this one behaves like. */
export const PROVIDER_VERSION = "4.34.2";
