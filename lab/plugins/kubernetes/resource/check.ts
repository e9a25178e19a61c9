import type { Props } from "../../rpc/values";
import type { Engine } from "../../rpc/engine";
import { parseUrn } from "../../rpc/urn";
import { markSecrets, toObject } from "../object/checkpoint";
import { builtinScope, gvkOfUrn, isBuiltinList, isPatch } from "../object/kinds";
import {
    AUTONAMED,
    adoptName,
    autoname,
    isNamed,
    namespaceOf,
    setNamespace,
    uniqueName,
    usesGenerateName,
} from "../object/names";
import { normalise } from "../object/normalise";
import { branch, setAt, text, type Tree } from "../object/tree";
import type { Cluster } from "../cluster/cluster";
import type { Settings } from "../provider/settings";

export interface CheckQuestion {
    urn: string;
    /** the checked inputs of the last run; empty for a new resource */
    olds: Props;
    news: Props;
    randomSeed: Uint8Array;
    /** the engine's own idea of a name, if the project configures one */
    autonaming?: { proposedName: string; mode: "propose" | "enforce" | "disable" } | undefined;
}

export interface CheckContext {
    settings: Settings;
    engine: Engine;
    defaultNamespace: string;
    /** undefined while the cluster cannot be reached */
    cluster: Cluster | undefined;
}

/**
 * Completes and checks a resource's inputs: a name where the program gives none, a namespace, one spelling.
 * @throws Error when the inputs cannot be made into an object
 */
export async function checkResource(context: CheckContext, question: CheckQuestion): Promise<Props> {
    const { urn, olds, news } = question;
    const { settings } = context;
    if (isBuiltinList(urn)) {
        throw new Error(
            "list resources exist for compatibility with YAML manifests and Helm charts, and cannot be created directly. " +
                "Use the underlying resource type instead",
        );
    }
    const inputs = normalise(toObject(news));
    if (isPatch(urn, text(inputs, "kind"))) checkPatch(inputs, settings);
    warnOfAnnotations(context, urn, inputs);

    const oldInputs = toObject(olds);
    if (Object.keys(oldInputs).length) {
        adoptName(inputs, oldInputs);
        if (managedBy(oldInputs) === managedByLabel()) labelManaged(inputs);
    } else {
        nameIfUnnamed(inputs, question);
        if (!settings.serverSideApply) labelManaged(inputs);
    }
    if (usesGenerateName(inputs) && settings.serverSideApply) {
        throw new Error("the `.metadata.generateName` field is not supported in Server-Side Apply mode");
    }
    await defaultTheNamespace(context, urn, inputs);
    context.cluster?.declareCrd(inputs);

    markSecrets(inputs, news);
    return inputs;
}

function checkPatch(inputs: Tree, settings: Settings): void {
    if (!settings.serverSideApply) {
        throw new Error(
            "patch resources require Server-Side Apply mode, which is enabled using the " +
                "`enableServerSideApply` Provider config",
        );
    }
    if (!isNamed(inputs)) throw new Error("patch resources require the `.metadata.name` field to be set");
}

function nameIfUnnamed(inputs: Tree, { urn, randomSeed, autonaming }: CheckQuestion): void {
    if (isNamed(inputs) || usesGenerateName(inputs)) return;
    if (autonaming?.mode === "disable") {
        throw new Error("autonaming is disabled, resource requires the .metadata.name field to be set");
    }
    autoname(inputs, autonaming?.proposedName || uniqueName(`${parseUrn(urn).name}-`, randomSeed));
}

async function defaultTheNamespace(context: CheckContext, urn: string, inputs: Tree): Promise<void> {
    if (!context.defaultNamespace || namespaceOf(inputs)) return;
    const gvk = gvkOfUrn(urn);
    // Without a cluster or a definition to ask, a kind is taken to have namespaces; creating it will tell.
    const namespaced = context.cluster ? await context.cluster.isNamespaced(gvk) : scopeWithoutCluster(gvk);
    if (namespaced !== false) setNamespace(inputs, context.defaultNamespace);
}

function scopeWithoutCluster(gvk: ReturnType<typeof gvkOfUrn>): boolean | undefined {
    const scope = builtinScope(gvk);
    return scope && scope === "Namespaced";
}

function warnOfAnnotations(context: CheckContext, urn: string, inputs: Tree): void {
    for (const [key, value] of Object.entries(branch(inputs, "metadata", "annotations"))) {
        if (key.startsWith(AUTONAMED)) {
            context.engine.log("warning", `ignoring user-specified value for internal annotation "${key}"`, urn);
        }
        if (key.startsWith("helm.sh/hook") && /test/.test(String(value)) && !context.settings.suppressHelmHookWarnings) {
            context.engine.log(
                "warning",
                "This resource contains Helm hooks that are not currently supported by Pulumi. The resource will " +
                    "be created, but any hooks will not be executed.",
                urn,
            );
        }
    }
}

const MANAGED_BY = "app.kubernetes.io/managed-by";

function managedByLabel(): string {
    return process.env["PULUMI_KUBERNETES_MANAGED_BY_LABEL"] ?? "pulumi";
}

function managedBy(object: Tree): string {
    return text(object, "metadata", "labels", MANAGED_BY);
}

function labelManaged(object: Tree): void {
    setAt(object, managedByLabel(), "metadata", "labels", MANAGED_BY);
}
