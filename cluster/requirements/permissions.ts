import type { ClusterClient } from "@istio-on-pulumi/kube";
import { type PlannedObject, pluralOf } from "../objects";

/** What an update does to an object of each kind. */
const VERBS = ["get", "create", "patch", "delete"] as const;

interface Question {
    readonly verb: string;
    readonly group: string;
    readonly resource: string;
    readonly namespace?: string;
}

/** Says what this user may not do of what an update does; asks once for everything, one by one where that is denied. */
export async function missingPermissions(client: ClusterClient, planned: readonly PlannedObject[]): Promise<string[]> {
    const may = async ({ verb, group, resource, namespace }: Question): Promise<boolean> => {
        const { status, body } = await client.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: { resourceAttributes: { verb, group, resource, namespace } },
        });
        // Whoever may not even ask is told by what refuses first.
        return status >= 300 || (body as { status?: { allowed?: boolean } }).status?.allowed === true;
    };
    if (await may({ verb: "*", group: "*", resource: "*" })) return [];
    const asked = new Map<string, Question>();
    for (const { apiVersion, kind, namespace } of planned) {
        const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
        for (const verb of VERBS) {
            const question = { verb, group, resource: pluralOf(kind), namespace };
            asked.set(JSON.stringify(question), question);
        }
    }
    const answers = await Promise.all(
        [...asked.values()].map(async (question) => ({ question, may: await may(question) })),
    );
    const denied = answers.filter((answer) => !answer.may).map(({ question }) => question);
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
