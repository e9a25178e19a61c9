/** The version of the Command plugin that this one behaves like. */
export const COMMAND_VERSION = "1.2.1";
