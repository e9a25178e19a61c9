import pMap from "p-map";
import type { ClusterClient } from "@istio-on-pulumi/kube";
import { type PlannedObject, pluralOf } from "../objects";

interface Question {
    readonly verb: string;
    readonly group: string;
    readonly resource: string;
    readonly namespace?: string;
    /** Absent for all objects of the kind. */
    readonly name?: string;
}

/** What decides on the rights that are needed, besides what is planned. */
interface Purpose {
    /** Namespaces of somebody else that the stack uses. */
    readonly usedNamespaces: readonly string[];
    /** Whether changes are only tried, which deletes nothing. */
    readonly isPreview: boolean;
}

/** Reviews of single names that are asked at the same time. */
const AT_ONCE = 20;

/**
 * Says what this user may not do of what an update does. Asks once for everything; where that is denied for each kind,
 * and where that is denied, too, by the objects' names: rights may be on these alone.
 */
export async function missingPermissions(
    client: ClusterClient,
    planned: readonly PlannedObject[],
    purpose: Purpose,
): Promise<string[]> {
    const may = async ({ verb, group, resource, namespace, name }: Question): Promise<boolean> => {
        const { status, body } = await client.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: { resourceAttributes: { verb, group, resource, namespace, name } },
        });
        // Whoever may not even ask is told by what refuses first.
        return status >= 300 || (body as { status?: { allowed?: boolean } }).status?.allowed === true;
    };
    if (await may({ verb: "*", group: "*", resource: "*" })) return [];
    const asked = new Map<string, { question: Question; names: string[] }>();
    for (const object of planned) {
        const { apiVersion, kind, namespace, name } = object;
        const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
        for (const verb of verbsOn(object, purpose)) {
            const question = { verb, group, resource: pluralOf(kind), namespace };
            const key = JSON.stringify(question);
            asked.set(key, { question, names: [...(asked.get(key)?.names ?? []), name] });
        }
    }
    const refused = async <T>(items: readonly T[], ask: (item: T) => Promise<boolean>): Promise<T[]> => {
        const answers = await pMap(items, async (item) => ({ item, may: await ask(item) }), { concurrency: AT_ONCE });
        return answers.filter((answer) => !answer.may).map(({ item }) => item);
    };
    const onAll = await refused([...asked.values()], ({ question }) => may(question));
    const byName = onAll.flatMap(({ question, names }) => names.map((name) => ({ question, name })));
    const named = await refused(byName, ({ question, name }) => may({ ...question, name }));
    const denied = [...new Set(named.map(({ question }) => question))];
    if (denied.length === 0) return [];
    const kinds = new Map<string, string[]>();
    for (const { verb, group, resource, namespace } of denied) {
        const name = `${resource}${group && `.${group}`}${namespace === undefined ? "" : ` in ${namespace}`}`;
        kinds.set(name, [...(kinds.get(name) ?? []), verb]);
    }
    const list = [...kinds].map(([name, verbs]) => `${verbs.join(", ")} ${name}`).join("; ");
    return [
        `this user may not: ${list}; use a kubeconfig whose user may, with: pulumi config set --path cluster.kubeconfig <path>, ` +
            "or have these rights given",
    ];
}

function verbsOn({ kind, name }: PlannedObject, { usedNamespaces, isPreview }: Purpose): string[] {
    if (kind === "Namespace" && usedNamespaces.includes(name)) return ["get", "patch"];
    // They stay in the cluster when the stack goes.
    const isDeleted = !isPreview && kind !== "CustomResourceDefinition";
    return ["get", "create", "patch", ...(isDeleted ? ["delete"] : [])];
}
