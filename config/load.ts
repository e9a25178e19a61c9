import { distance } from "fastest-levenshtein";
import { ISTIO_NAMESPACE, UserError } from "@istio-on-pulumi/kube";
import { settings, type StackSettings } from "./schema";
import type { Setting } from "./setting";

/**
 * Reads and checks the settings of a stack.
 *
 * @param values every configuration value of the stack by its full key (`<namespace>:<key>`), as text
 * @param project the project's name, which is the namespace of its settings
 * @throws UserError with one line for each value that is not allowed and each key that is unknown
 */
export function loadSettings(values: Readonly<Record<string, string>>, project: string): StackSettings {
    const given = ownValues(values, project);
    const problems = [...given.keys()]
        .filter((key) => !Object.hasOwn(settings, key))
        .map((key) => unknownKey(project, key));
    const result: Record<string, unknown> = {};
    for (const [key, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
        const text = given.get(key) ?? setting.default;
        const parsed = setting.parse(text);
        if (parsed === undefined) {
            problems.push(notAllowed(project, key, text, setting));
        }
        result[key] = parsed?.value;
    }
    const loaded = result as StackSettings;
    if (problems.length === 0) {
        problems.push(...contradictions(loaded, project));
    }
    if (problems.length > 0) {
        throw new UserError(problems.join("\n"));
    }
    return loaded;
}

function ownValues(values: Readonly<Record<string, string>>, project: string): Map<string, string> {
    const prefix = `${project}:`;
    return new Map(
        Object.entries(values)
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, text]) => [key.slice(prefix.length), text]),
    );
}

const CHANGE_WITH = "Change it with: pulumi config set";

function notAllowed(
    project: string,
    key: string,
    text: string,
    { allowed, isSecret }: Pick<Setting<unknown>, "allowed" | "isSecret">,
): string {
    const [value, option] = isSecret
        ? ["not what is allowed (it is not shown)", "--secret "]
        : [JSON.stringify(text), ""];
    return `${project}:${key} is ${value}; allowed: ${allowed}. ${CHANGE_WITH} ${option}${key} <value>`;
}

function unknownKey(project: string, key: string): string {
    const known = Object.keys(settings);
    const typos = (name: string) => distance(name.toLowerCase(), key.toLowerCase());
    const nearest = known.toSorted((a, b) => typos(a) - typos(b))[0]!;
    const hint = typos(nearest) <= 2 ? `did you mean ${nearest}?` : `allowed: ${known.join(", ")}.`;
    return `${project}:${key} is no setting of this project; ${hint} Remove it with: pulumi config rm ${key}`;
}

/** What is allowed alone but not together. */
function contradictions(s: StackSettings, project: string): string[] {
    const found: string[] = [];
    if (s.gatewayNodePort !== 0 && s.gatewayServiceType === "ClusterIP") {
        found.push(
            `${project}:gatewayNodePort is "${s.gatewayNodePort}" while ${project}:gatewayServiceType is ` +
                '"ClusterIP", which has no node ports; allowed with it: 0. ' +
                "Change it with: pulumi config rm gatewayNodePort",
        );
    }
    if (s.kialiNodePort !== 0 && s.kialiServiceType === "ClusterIP") {
        found.push(
            `${project}:kialiNodePort is "${s.kialiNodePort}" while ${project}:kialiServiceType is "ClusterIP", which ` +
                "has no node ports; allowed with it: 0. Change it with: pulumi config rm kialiNodePort",
        );
    } else if (s.gatewayNodePort !== 0 && s.gatewayNodePort === s.kialiNodePort && s.kiali) {
        found.push(
            `${project}:kialiNodePort is "${s.kialiNodePort}", which ${project}:gatewayNodePort has already; ` +
                `allowed: another port, or 0 for any. ${CHANGE_WITH} kialiNodePort <value>`,
        );
    }
    const others = s.existingNamespaces.filter((name) => ![ISTIO_NAMESPACE, s.bookinfoNamespace].includes(name));
    if (others.length > 0) {
        found.push(
            `${project}:existingNamespaces names ${others.join(", ")}, which the stack does not use; allowed: ` +
                `${ISTIO_NAMESPACE}, ${s.bookinfoNamespace}. Change it with: ` +
                "pulumi config set --path 'existingNamespaces[0]' <name>",
        );
    }
    if (s.meshInspection === "ssh") {
        const missing = (["inspectionHost", "inspectionHostKey"] as const).filter((key) => s[key] === undefined);
        for (const key of missing) {
            const allowed = settings[key].allowed.replace(", or empty", "");
            found.push(
                `${project}:meshInspection is "ssh" while ${project}:${key} is ""; allowed with it: ${allowed}. ` +
                    `${CHANGE_WITH} ${key} <value>`,
            );
        }
    }
    return found;
}
