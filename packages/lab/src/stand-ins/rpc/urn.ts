/** The parts of a resource's URN that plugins need. */
export interface UrnParts {
    /** e.g. `kubernetes:apps/v1:Deployment`, without the types of its parents */
    type: string;
    /** the resource's name in the program */
    name: string;
}

/** @throws Error when the text is no URN */
export function parseUrn(urn: string): UrnParts {
    const parts = urn.split("::");
    const qualified = parts[2];
    if (!urn.startsWith("urn:pulumi:") || parts.length < 4 || qualified === undefined) {
        throw new Error(`"${urn}" is not a URN.`);
    }
    // A name may itself contain "::".
    return { type: qualified.split("$").at(-1) as string, name: parts.slice(3).join("::") };
}
