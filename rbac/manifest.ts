import { type Grant, type Rule, rulesByNamespace } from "./grants";
import type { Identity } from "./rights";

const API = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io/v1";

interface KubeObject {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string };
    [field: string]: unknown;
}

/**
 * The objects that make an identity: a ServiceAccount with its roles and bindings, and for whoever only previews the
 * policy that keeps him from changing anything. The policy comes before the rights.
 *
 * @param home namespace of the ServiceAccount; what is the cluster's is named after it
 */
export function identityObjects(identity: Identity, home: string, grants: readonly Grant[]): KubeObject[] {
    const name = `${home}-${identity}`;
    const account = { kind: "ServiceAccount", name: identity, namespace: home };
    return [
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: identity, namespace: home } },
        ...(identity === "preview" ? dryRunPolicy(name, account) : []),
        ...[...rulesByNamespace(grants)].flatMap(([place, rules]) => roleAndBinding(name, place, rules, account)),
    ];
}

function roleAndBinding(name: string, place: string, rules: readonly Rule[], account: object): KubeObject[] {
    const prefix = place === "" ? "Cluster" : "";
    const metadata = { name, ...(place !== "" && { namespace: place }) };
    return [
        { apiVersion: `${API}/v1`, kind: `${prefix}Role`, metadata, rules },
        {
            apiVersion: `${API}/v1`,
            kind: `${prefix}RoleBinding`,
            metadata,
            roleRef: { apiGroup: API, kind: `${prefix}Role`, name },
            subjects: [account],
        },
    ];
}

/** Reads pass no admission. Reviews of one's own rights are no changes, and know no dry run. */
function dryRunPolicy(name: string, account: { name: string; namespace: string }): KubeObject[] {
    const user = `system:serviceaccount:${account.namespace}:${account.name}`;
    return [
        {
            apiVersion: ADMISSION,
            kind: "ValidatingAdmissionPolicy",
            metadata: { name },
            spec: {
                failurePolicy: "Fail",
                matchConstraints: {
                    resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }],
                    excludeResourceRules: [
                        {
                            apiGroups: ["authentication.k8s.io", "authorization.k8s.io"],
                            apiVersions: ["*"],
                            operations: ["*"],
                            resources: ["*"],
                        },
                    ],
                },
                matchConditions: [
                    { name: "is-preview", expression: `request.userInfo.username == ${JSON.stringify(user)}` },
                ],
                validations: [
                    {
                        expression: "has(request.dryRun) && request.dryRun",
                        message: `ServiceAccount ${account.namespace}/${account.name} may only try changes out (dryRun)`,
                        reason: "Forbidden",
                    },
                ],
            },
        },
        {
            apiVersion: ADMISSION,
            kind: "ValidatingAdmissionPolicyBinding",
            metadata: { name },
            spec: { policyName: name, validationActions: ["Deny"] },
        },
    ];
}
