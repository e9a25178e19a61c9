import type { Stack } from "./lab-stack";

interface PreviewStep {
    readonly op: string;
    readonly urn: string;
}

/** The signs of the engine's own display; what stays the same or is only read has none. */
const SIGNS: Readonly<Record<string, string>> = { create: "+", update: "~", delete: "-", replace: "+-" };

/** What a preview would do, a line for each resource that changes: `~ Deployment istio-istiod:istio-system/istiod`. */
export async function previewOf(stack: Stack): Promise<string[]> {
    const { steps } = JSON.parse(await stack.pulumi(["preview", "--json"])) as { steps: PreviewStep[] };
    return steps
        .filter(({ op }) => op in SIGNS)
        .map(({ op, urn }) => {
            const [types = "", ...name] = urn.split("::").slice(2);
            return `${SIGNS[op]!} ${types.split(/[$:]/).at(-1)!} ${name.join("::")}`;
        })
        .sort();
}
