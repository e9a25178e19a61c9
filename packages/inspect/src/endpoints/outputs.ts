import { z } from "zod";
import { UserError } from "@istio-on-pulumi/kube";

const port = z.object({
    name: z.string().default(""),
    port: z.number().int(),
    nodePort: z.number().int().optional(),
    url: z.string().optional(),
});
const endpoint = z.object({
    service: z.string(),
    namespace: z.string(),
    type: z.string().optional(),
    address: z.string().optional(),
    ports: z.array(port),
});
const named = z.record(z.string(), endpoint);

/** An endpoint as the stack's output `endpoints` describes it. */
export type DescribedEndpoint = z.infer<typeof endpoint> & { readonly name: string };

/**
 * Reads a stack's outputs as JSON: all of them, or the output `endpoints` alone.
 *
 * @param source what the text is, for the message
 * @throws UserError where it is no JSON or does not describe endpoints
 */
export function parseOutputs(text: string, source: string): DescribedEndpoint[] {
    let outputs: unknown;
    try {
        outputs = JSON.parse(text);
    } catch {
        throw new UserError(`${source} holds no JSON; write the stack's outputs with: pulumi stack output --json`);
    }
    const endpoints = isRecord(outputs) && "endpoints" in outputs ? outputs.endpoints : outputs;
    const read = named.safeParse(endpoints);
    if (!read.success) {
        const { path, message } = read.error.issues[0]!;
        throw new UserError(
            `${source} does not describe endpoints as the stack's output "endpoints" does ` +
                `(${path.length > 0 ? `at ${path.map(String).join(".")}: ` : ""}${message}); write it with: pulumi ` +
                "stack output --json",
        );
    }
    return Object.entries(read.data).map(([name, described]) => ({ name, ...described }));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
