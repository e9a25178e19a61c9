import { type Policies, type PolicyResource, type ResourceValidationArgs, unknownCheckingProxy } from "@pulumi/policy";
import { policiesOf } from "../policies";
import { RULES } from "../rules";

/** What the SDK uses for a text that a preview cannot know. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource's properties as a rule gets them: to read what is unknown throws. Types of the SDK's do not show it. */
export const asEngineShows = unknownCheckingProxy as (properties: unknown) => Record<string, unknown>;

/** An object as it stands in a manifest. */
export interface Manifest {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
    readonly [field: string]: unknown;
}

/** A violation as the engine is told of it: `mandatory`, or the configured level. */
export interface Violation {
    readonly level: "mandatory" | "configured";
    readonly urn: string;
    readonly message: string;
}

const POLICIES = policiesOf(RULES);
type Policy = Policies[number];

/** What one rule of the pack has against a stack's objects, by the way that the engine takes. */
export function judge(rule: string, stack: string, manifests: readonly Manifest[], config: object = {}): Violation[] {
    const policy = POLICIES.find(({ name }) => name === rule) as Policy;
    const found: Violation[] = [];
    const report = (violation: unknown) => {
        const { message, urn, enforcementLevel } = violation as {
            message: string;
            urn: string;
            enforcementLevel?: string;
        };
        found.push({ level: enforcementLevel === undefined ? "configured" : "mandatory", urn, message });
    };
    const defaults = Object.entries(policy.configSchema!.properties).map(
        ([key, value]) => [key, value.default] as const,
    );
    const getConfig = () => ({ ...Object.fromEntries(defaults), ...config });
    const resources = manifests.map((manifest) => ({ ...resourceOf(stack, manifest), getConfig }));
    if ("validateStack" in policy) void policy.validateStack({ resources, getConfig } as never, report);
    else if ("validateResource" in policy && typeof policy.validateResource === "function") {
        for (const resource of resources) void policy.validateResource(resource as never, report);
    }
    return found;
}

/** The sentences alone. */
export const sentences = (...args: Parameters<typeof judge>): string[] => judge(...args).map(({ message }) => message);

function resourceOf(stack: string, manifest: Manifest): Partial<PolicyResource & ResourceValidationArgs> {
    const version = manifest.apiVersion.includes("/") ? manifest.apiVersion : `core/${manifest.apiVersion}`;
    const type = `kubernetes:${version}:${manifest.kind}`;
    const name = `resource-${manifest.metadata.name}`;
    return {
        type,
        name,
        urn: `urn:pulumi:${stack}::project::${type}::${name}`,
        props: asEngineShows(manifest),
    };
}

/** A Deployment of one container. */
export const deployment = (name: string, container: object, pod: object = {}): Manifest => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop" },
    spec: { template: { ...pod, spec: { containers: [{ name: "web", ...container }] } } },
});

export const service = (name: string, spec: object, namespace = "shop"): Manifest => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec,
});

export const namespace = (name: string, labels?: Readonly<Record<string, string>>): Manifest => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, ...(labels && { labels }) },
});
