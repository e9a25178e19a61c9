import type { V1LabelSelector } from "@kubernetes/client-node";

/** Whether labels match a selector as the API server reads it; an absent or empty selector matches everything. */
export function matches(selector: V1LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
    const equal = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
    return equal && (selector?.matchExpressions ?? []).every((expression) => holds(expression, labels));
}

type Expression = NonNullable<V1LabelSelector["matchExpressions"]>[number];

function holds({ key, operator, values = [] }: Expression, labels: Readonly<Record<string, string>>): boolean {
    const value = labels[key];
    switch (operator) {
        case "In":
            return value !== undefined && values.includes(value);
        case "NotIn":
            // As the API server has it: an absent label is in no set.
            return value === undefined || !values.includes(value);
        case "Exists":
            return value !== undefined;
        case "DoesNotExist":
            return value === undefined;
        default:
            return false;
    }
}
