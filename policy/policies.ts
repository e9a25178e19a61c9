import type { EnforcementLevel, Policies, ReportViolation } from "@pulumi/policy";
import { type KubeObject, objectOf, type StackResource } from "./objects";
import type { Rule } from "./rule";
import { matches, stackOf } from "./stacks";

/** The rules as policies of a pack. */
export const policiesOf = (rules: readonly Rule[]): Policies => rules.map(policyOf);

interface Levels {
    readonly production: readonly string[];
}

function policyOf(rule: Rule): Policies[number] {
    const properties = {
        ...rule.settings,
        production: {
            type: "array" as const,
            items: { type: "string" as const },
            default: [...rule.production],
            description: "Names of the stacks in which the rule is mandatory; * stands for any text.",
        },
    };
    const policy = {
        name: rule.name,
        description: rule.description,
        enforcementLevel: "advisory" as const,
        configSchema: { properties },
    };
    const configured = (args: { getConfig<T extends object>(): T }) =>
        known(rule.name, properties, args.getConfig<Levels>()) as never;
    if ("judge" in rule) {
        return {
            ...policy,
            validateResource: (args, report) => {
                const object = objectOf(args);
                if (!object) return;
                const settings = configured(args);
                const stack = stackOf(object.urn);
                for (const message of rule.judge(object, settings, stack)) tell(report, object, message, settings);
            },
        };
    }
    return {
        ...policy,
        validateStack: (args, report) => {
            const settings = configured(args);
            const stack = stackOf(args.resources[0]?.urn ?? "");
            const objects = objectsOf(args.resources);
            for (const { object, complaint } of rule.judgeAll(objects, settings, stack)) {
                tell(report, object, complaint, settings);
            }
        },
    };
}

/** In an order that is the same each time; the engine's is none. */
const objectsOf = (resources: readonly StackResource[]): KubeObject[] =>
    resources
        .map(objectOf)
        .filter((object) => object !== undefined)
        .sort((a, b) => (a.urn < b.urn ? -1 : 1));

/** What the SDK takes and its types do not show: a violation with a level of its own, and without the description. */
type Violation = Readonly<{ message: string; urn: string; enforcementLevel?: EnforcementLevel }>;

function tell(report: ReportViolation, { urn }: KubeObject, message: string, { production }: Levels): void {
    const isMandatory = matches(stackOf(urn), production);
    // Without a level of its own it is the configured one: whoever asks for more, or for none, gets it.
    const violation: Violation = { message, urn, ...(isMandatory && { enforcementLevel: "mandatory" }) };
    (report as unknown as (violation: Violation) => void)(violation);
}

/** The engine checks types, and passes over a name that nothing has. */
function known<Settings extends object>(rule: string, properties: object, settings: Settings): Settings {
    const strange = Object.keys(settings).find((name) => !(name in properties));
    if (strange === undefined) return settings;
    throw new Error(
        `The policy pack's configuration of ${rule} has ${JSON.stringify(strange)}, which the rule does not know; ` +
            `allowed: enforcementLevel, ${Object.keys(properties).join(", ")}.`,
    );
}
