import type { KubeObject } from "../objects";
import { podOf } from "../pods";
import type { StackRule } from "../rule";
import { matches, PRODUCTION } from "../stacks";
import { at, hasUnknown, textsAt } from "../values";

interface Settings {
    readonly exempt: readonly string[];
}

export const injectionLabel: StackRule<Settings> = {
    name: "injection-label",
    description: "Every namespace of applications has a label by which its pods get sidecars.",
    production: PRODUCTION,
    settings: {
        exempt: {
            type: "array",
            items: { type: "string" },
            default: ["istio-system", "kube-*"],
            description: "Names of namespaces without applications; * stands for any text.",
        },
    },
    judgeAll: (objects, { exempt }) =>
        objects
            .filter(({ group, kind, name }) => group === "" && kind === "Namespace" && !matches(name, exempt))
            .filter((namespace) => !isInMesh(namespace) && hasApplications(namespace, objects))
            .map((namespace) => {
                const off = textsAt(namespace.fields, "metadata", "labels")[INJECTION];
                return {
                    object: namespace,
                    complaint:
                        `${namespace.title} ${off === undefined ? "has no injection label" : `has label ${INJECTION}=${off}`}, ` +
                        "so that its pods run without sidecars and take plain text; allowed: istio-injection=enabled, or " +
                        'istio.io/rev with a revision. Set one of them, or add the namespace to "exempt" of rule ' +
                        "injection-label where no application runs in it.",
                };
            }),
};

const INJECTION = "istio-injection";
const REVISION = "istio.io/rev";

function isInMesh({ fields, isPatch }: KubeObject): boolean {
    const labels = textsAt(fields, "metadata", "labels");
    const injection = labels[INJECTION];
    // Which of the two counts where both stand is Istio's rule: the first.
    if (injection !== undefined) return injection === "enabled";
    return (
        Boolean(labels[REVISION]) ||
        labels["istio.io/dataplane-mode"] === "ambient" ||
        // Somebody else's namespace may have the label already.
        isPatch ||
        hasUnknown(at({ fields }, "fields", "metadata"))
    );
}

/** Unless all that the stack runs there is injected by its pods' own labels, or is a gateway that Istio makes. */
function hasApplications({ name }: KubeObject, objects: readonly KubeObject[]): boolean {
    const inside = objects.filter(({ namespace }) => namespace === name);
    const pods = inside.map(podOf).filter((pod) => pod !== undefined);
    if (pods.length === 0) return !inside.some(isGateway);
    return pods.some((pod) => {
        const labels = textsAt(pod, "metadata", "labels");
        return labels["sidecar.istio.io/inject"] !== "true" && !labels[REVISION];
    });
}

const isGateway = ({ group, kind }: KubeObject): boolean => group === "gateway.networking.k8s.io" && kind === "Gateway";
