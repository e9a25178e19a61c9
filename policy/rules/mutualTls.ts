import type { KubeObject } from "../objects";
import { podOf } from "../pods";
import type { Finding, StackRule } from "../rule";
import { matches, PRODUCTION } from "../stacks";
import { at, hasUnknown, textAt, textsAt } from "../values";

interface Settings {
    readonly production: readonly string[];
}

export const mutualTls: StackRule<Settings> = {
    name: "mutual-tls",
    description: "In production the mesh takes mutual TLS alone.",
    production: PRODUCTION,
    judgeAll: (objects, { production }, stack) => {
        if (!matches(stack, production)) return [];
        const policies = objects.filter(
            ({ group, kind }) => group === "security.istio.io" && kind === "PeerAuthentication",
        );
        return [...policies.flatMap(open), ...withoutMeshPolicy(objects, policies)];
    },
};

const REMEDY = "Allowed in production: STRICT.";

/** What a policy lets in beside mutual TLS. */
function open(policy: KubeObject): Finding[] {
    const ports = Object.entries(at(policy.fields, "spec", "portLevelMtls") ?? {}).map(
        ([port, mtls]) => [` for port ${port}`, textAt(mtls, "mode")] as const,
    );
    const all = [["", textAt(policy.fields, "spec", "mtls", "mode")] as const, ...ports];
    return all
        .filter(([, mode]) => mode === "PERMISSIVE" || mode === "DISABLE")
        .map(([where, mode]) => ({
            object: policy,
            complaint:
                `${policy.title} has mode ${mode}${where}, so that its workloads ` +
                `${mode === "DISABLE" ? "take plain text alone" : "take plain text, too"}. ${REMEDY} Set it once all ` +
                "callers have sidecars.",
        }));
}

/** Whose control plane it is decides for the mesh; the stack of an application does not. */
function withoutMeshPolicy(objects: readonly KubeObject[], policies: readonly KubeObject[]): Finding[] {
    const istiod = objects.find(
        (object) => object.kind === "Deployment" && textsAt(podOf(object), "metadata", "labels").app === "istiod",
    );
    if (!istiod) return [];
    const ofMesh = policies.filter(
        ({ namespace, fields }) =>
            namespace === istiod.namespace && Object.keys(at(fields, "spec", "selector") ?? {}).length === 0,
    );
    if (ofMesh.some(decides)) return [];
    return [
        {
            object: istiod,
            complaint:
                `${istiod.title} is a control plane without a PeerAuthentication of its mesh that has a mode, so that ` +
                `every workload takes plain text, too (PERMISSIVE, Istio's default). ${REMEDY} Make one in namespace ` +
                `${istiod.namespace ?? "of istiod"} without a selector (here: setting mtls.mode).`,
        },
    ];
}

/** A mode that is not STRICT has been complained of; UNSET is Istio's default. */
const decides = ({ fields }: KubeObject): boolean =>
    hasUnknown(at({ fields }, "fields", "spec")) ||
    !["UNSET", undefined].includes(textAt(fields, "spec", "mtls", "mode"));
