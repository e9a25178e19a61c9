/** The version of the Pulumi engine that this language host behaves like. */
export const LANGUAGE_HOST_VERSION = "3.259.0";
