/** One regular expression out of several that follow one another, for sentences longer than a line. */
export const pattern = (...parts: readonly RegExp[]): RegExp => new RegExp(parts.map(({ source }) => source).join(""));

/** Why the rules of the machine that runs the tests are not read: it is no node of a cluster with the node `node-1`. */
export const NO_LOCAL_RULES = new RegExp(
    [
        "^This machine is none of the cluster's nodes \\(node-1\\)",
        "^The rules of this machine cannot be read",
        "^This machine has no iptables-save",
    ].join("|"),
);
