import type { KubeObject } from "../objects";
import { INJECTED_IMAGE, podOf } from "../pods";
import type { StackRule } from "../rule";
import { at, hasUnknown, listAt, textAt } from "../values";

export const requests: StackRule = {
    name: "requests",
    description: "Every container requests CPU and memory.",
    // Upstream's samples and some of its addons have none, and what they need is not for a rule to say.
    production: [],
    judgeAll: (objects) =>
        objects
            .filter((object) => !object.isPatch)
            .flatMap((object) => {
                const lacking = containersWithout(object, objects);
                if (lacking.length === 0) return [];
                const [one] = lacking;
                const which = lacking.length === 1 ? `container ${one!.name}` : `${lacking.length} containers`;
                const what = lacking.map(({ name, lacks }) => `${name}: ${lacks.join(" and ")}`).join("; ");
                return [
                    {
                        object,
                        complaint:
                            `${object.title} has ${which} without requests (${what}), so that it is placed on any node and ` +
                            "evicted first: set resources.requests of each.",
                    },
                ];
            }),
};

const RESOURCES = ["cpu", "memory"] as const;
type ResourceName = (typeof RESOURCES)[number];

interface Lacking {
    readonly name: string;
    readonly lacks: readonly ResourceName[];
}

/** Containers that run beside each other; what init containers request counts only while they run. */
function containersWithout(object: KubeObject, objects: readonly KubeObject[]): Lacking[] {
    const pod = podOf(object);
    const byDefault = defaultsIn(object.namespace, objects);
    return listAt(pod, "spec", "containers")
        .filter((container) => textAt(container, "image") !== INJECTED_IMAGE)
        .map((container) => ({
            name: textAt(container, "name") ?? "?",
            lacks: RESOURCES.filter(
                (name) => !byDefault.includes(name) && !isSet(container, name) && !isSet(at(pod, "spec"), name),
            ),
        }))
        .filter(({ lacks }) => lacks.length > 0);
}

/** Of a container or, since Kubernetes 1.34, of a whole pod. A limit alone is the request, too. */
const isSet = (of: unknown, name: ResourceName): boolean =>
    hasUnknown(at({ of }, "of", "resources")) ||
    ["requests", "limits"].some((side) => at(of, "resources", side, name) !== undefined);

/** What the API server fills in by a LimitRange of the namespace. */
function defaultsIn(namespace: string | undefined, objects: readonly KubeObject[]): readonly ResourceName[] {
    const limits = objects
        .filter((each) => each.group === "" && each.kind === "LimitRange" && each.namespace === namespace)
        .flatMap(({ fields }) => listAt(fields, "spec", "limits"))
        .filter((limit) => textAt(limit, "type") === "Container");
    return RESOURCES.filter((name) =>
        limits.some((limit) => ["defaultRequest", "default"].some((side) => at(limit, side, name) !== undefined)),
    );
}
