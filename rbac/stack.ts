import { REVISION_LABEL, UserError } from "@istio-on-pulumi/kube";
import type { Changes, Fields, Resource } from "../report/model";
import { at, listAt, textAt } from "../report/values";

/** An object that the stack registers, as far as rights on it go. */
export interface StackObject {
    readonly apiVersion: string;
    readonly kind: string;
    /** Absent for an object of the whole cluster. */
    readonly namespace?: string;
    readonly name: string;
    /** Whether it is somebody else's, of which the stack writes a part. */
    readonly isPatched: boolean;
    /** The role that a binding gives. */
    readonly role?: { readonly kind: string; readonly name: string };
    /** Whether it asks for node ports of its own choice. */
    readonly fixesPorts: boolean;
}

/** What a stack registers. */
export interface RegisteredStack {
    readonly objects: readonly StackObject[];
    /** The Helm releases, whose objects Helm makes. */
    readonly releases: readonly HelmRelease[];
    /** The version of each control plane by its revision. */
    readonly controlPlanes: Readonly<Record<string, string>>;
    /** Whether the mesh is inspected at the end of an update. */
    readonly inspects: boolean;
}

interface HelmRelease {
    readonly namespace: string;
    readonly version: string;
    /** CRDs of its chart that it does not bring. */
    readonly excludedCrds: readonly string[];
}

/**
 * What a stack registers, by a preview of it.
 *
 * @throws UserError where the preview was refused, or a namespace in which rights are to be given is not there
 */
export function registeredStack({ stack, resources, components, refusals }: Changes): RegisteredStack {
    if (refusals.length > 0) {
        throw new UserError(
            `What stack ${JSON.stringify(stack)} registers is told by a preview, and it was refused: ${refusals.join("\n")}`,
        );
    }
    checkNamespaces(stack, resources);
    return {
        objects: resources.filter((resource) => isObject(resource) && !resource.isRead).flatMap(objectsOf),
        releases: resources.flatMap(({ type, after }) =>
            type === RELEASE
                ? [
                      {
                          namespace: textAt(after, "namespace")!,
                          version: textAt(after, "version")!,
                          excludedCrds: listAt(after, "values", "base", "excludedCRDs").map(String),
                      },
                  ]
                : [],
        ),
        controlPlanes: Object.fromEntries(resources.flatMap(controlPlanesOf)),
        inspects: components.some(
            ({ type, verb }) => type === "istio-on-pulumi:index:MeshInspection" && verb !== "delete",
        ),
    };
}

const RELEASE = "kubernetes:helm.sh/v3:Release";
const isObject = ({ type }: Resource): boolean => type.startsWith("kubernetes:") && !type.includes(":helm.sh/");

/** Rights inside of a namespace are objects inside of it: who may make it cannot have them before. */
function checkNamespaces(stack: string, resources: readonly Resource[]): void {
    const made = resources
        .filter(
            ({ type, verb }) => type === "kubernetes:core/v1:Namespace" && (verb === "create" || verb === "replace"),
        )
        .map(({ after, name }) => textAt(after, "metadata", "name") ?? name);
    if (made.length === 0) return;
    const setting = `pulumi config set --path 'namespaces.existing[${made.length > 1 ? "<number>" : "0"}]' <name>`;
    throw new UserError(
        `Stack ${JSON.stringify(stack)} would make ${made.length > 1 ? "the namespaces" : "the namespace"} ` +
            `${made.join(", ")} itself, and rights inside of a namespace cannot be given before it is there; make it as an ` +
            `administrator with: kubectl create namespace <name>, and let the stack use it with: ${setting}`,
    );
}

/** By the labels that chart `istiod` gives its Deployment. */
function controlPlanesOf({ type, after }: Resource): [string, string][] {
    const label = (name: string) => textAt(after, "metadata", "labels", name);
    const [revision, version] = [label(REVISION_LABEL), label("app.kubernetes.io/version")];
    const isIstiod = type === "kubernetes:apps/v1:Deployment" && label("app") === "istiod";
    return isIstiod && revision !== undefined && version !== undefined ? [[revision, version]] : [];
}

/** What it is, and of what changes its name what it was. */
function objectsOf({ type, before, after }: Resource): StackObject[] {
    return [before, after].flatMap((side) => {
        const [apiVersion, kind] = [textAt(side, "apiVersion"), textAt(side, "kind")];
        const name = textAt(side, "metadata", "name");
        if (apiVersion === undefined || kind === undefined || name === undefined) return [];
        return [
            {
                apiVersion,
                kind,
                namespace: textAt(side, "metadata", "namespace"),
                name,
                isPatched: type.endsWith("Patch"),
                role: roleIn(side),
                fixesPorts: listAt(side, "spec", "ports").some((port) => typeof at(port, "nodePort") === "number"),
            },
        ];
    });
}

function roleIn(side: Fields | undefined): StackObject["role"] {
    const [kind, name] = [textAt(side, "roleRef", "kind"), textAt(side, "roleRef", "name")];
    return kind === undefined || name === undefined ? undefined : { kind, name };
}
