import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Lab } from "./lab";
import { type KubeObject, snapshot } from "./lab-objects";

/** Namespace of the ServiceAccounts whose requests the lab's API server logs. */
export const AUDITED = "audited";

/** A kubeconfig of the lab, by which a ServiceAccount of the audited namespace asks. */
export async function kubeconfigOf(lab: Lab, account: string, directory: string): Promise<string> {
    const token = await lab.output(["kubectl", "create", "token", account, "--namespace", AUDITED, "--duration", "3h"]);
    const config = JSON.parse(readFileSync(lab.place.kubeconfig, "utf8")) as { users: { user: object }[] };
    config.users[0]!.user = { token: token.trim() };
    const file = join(directory, account);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
}

/** A kubeconfig of the lab by which a new ServiceAccount of the audited namespace may do everything. */
export async function administratorsKubeconfig(lab: Lab, account: string, directory: string): Promise<string> {
    const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
    await kubectl("create", "namespace", AUDITED);
    await kubectl("create", "serviceaccount", account, "--namespace", AUDITED);
    const subject = `--serviceaccount=${AUDITED}:${account}`;
    await kubectl("create", "clusterrolebinding", account, "--clusterrole=cluster-admin", subject);
    return kubeconfigOf(lab, account, directory);
}

/** A verb on objects of a kind; without a name on all of them, without a namespace in the whole cluster. */
export type Right = readonly [verb: string, resource: string, namespace: string, name: string];

/** A request in the API server's log. */
export interface AuditEvent {
    verb: string;
    user: { username: string };
    responseStatus?: { code?: number };
    requestURI: string;
    objectRef?: { resource: string; apiGroup?: string; namespace?: string; name?: string };
}

/** What a ServiceAccount has asked so far. */
export function auditedOf(lab: Lab, account: string): AuditEvent[] {
    const log = readFileSync(join(lab.place.logs, "audit.log"), "utf8").trim();
    return (log === "" ? [] : log.split("\n"))
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ user }) => user.username === `system:serviceaccount:${AUDITED}:${account}`);
}

/** What a ServiceAccount was allowed so far, of objects. */
export function usedRights(lab: Lab, account: string): AuditedRequest[] {
    return auditedOf(lab, account).flatMap(({ verb, objectRef, requestURI, responseStatus }) => {
        if (!objectRef || responseStatus?.code === 403) return [];
        const { resource, apiGroup, namespace, name = "" } = objectRef;
        const kind = `${resource}${apiGroup ? `.${apiGroup}` : ""}`;
        // The namespace of a namespace is itself, for the log.
        const place = resource === "namespaces" ? "" : (namespace ?? "");
        return [{ right: [verb, kind, place, name] as const, isDryRun: requestURI.includes("dryRun=All") }];
    });
}

interface AuditedRequest {
    readonly right: Right;
    readonly isDryRun: boolean;
}

interface Rule {
    apiGroups: string[];
    resources: string[];
    resourceNames?: string[];
    verbs: string[];
}

/** What the roles of a manifest of this name give, a verb on a name each. */
export function grantedRights(manifest: string, role: string): Right[] {
    return parseAllDocuments(manifest)
        .map((document) => document.toJS() as KubeObject)
        .filter(({ kind, metadata }) => /^(Cluster)?Role$/.test(kind) && metadata.name === role)
        .flatMap(({ metadata, rules }) =>
            (rules as Rule[]).flatMap(({ apiGroups: [group], resources, resourceNames = [""], verbs }) =>
                resources.flatMap((resource) =>
                    verbs.flatMap((verb) =>
                        resourceNames.map(
                            (name) =>
                                [
                                    verb,
                                    `${resource}${group ? `.${group}` : ""}`,
                                    metadata.namespace ?? "",
                                    name,
                                ] as const,
                        ),
                    ),
                ),
            ),
        );
}

/** Granted rights of which nothing was used: `<verb> <kind>` in a namespace, once for all of its names. */
export function unusedRights(granted: readonly Right[], used: readonly AuditedRequest[]): string[] {
    const isUsed = ([verb, kind, place, name]: Right) =>
        used.some(
            ({ right: [usedVerb, usedKind, usedPlace, usedName] }) =>
                usedVerb === verb && usedKind === kind && usedPlace === place && (name === "" || usedName === name),
        );
    const unused = granted.filter((right) => !isUsed(right));
    return [
        ...new Set(
            unused.map(([verb, kind, place, name]) =>
                [verb, kind, place && `in ${place}`, name].filter(Boolean).join(" "),
            ),
        ),
    ].sort();
}

/** The version of each object that only a change moves; leases, events and leaders are the cluster's own clockwork. */
export async function versions(lab: Lab): Promise<Record<string, unknown>> {
    const objects = [...(await snapshot(lab))].filter(
        ([key, { metadata }]) =>
            !/^(Lease|Event|Node)\b/.test(key) && !metadata.annotations?.["control-plane.alpha.kubernetes.io/leader"],
    );
    return Object.fromEntries(objects.map(([key, { metadata }]) => [key, metadata.resourceVersion]));
}
