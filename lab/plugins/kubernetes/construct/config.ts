/** kubernetes:yaml/v2:ConfigGroup and ConfigFile: manage the objects of manifests one by one. */
import { containsUnknowns, isProps, type Props, type ResourceReference } from "../../rpc/values";
import { clone, type Tree } from "../object/tree";
import type { Component } from "./component";
import type { ConstructContext } from "./context";
import { Inputs } from "./inputs";
import { completeObjects, readManifests, type Sources } from "./manifests";
import { registerObjects } from "./register";
import { warnUnresolved } from "./warnings";

/** Manifests from files, URLs, text and objects. @returns the children; none while an input is unknown */
export async function constructConfigGroup(
    context: ConstructContext,
    component: Component,
    props: Props,
): Promise<ResourceReference[] | undefined> {
    if (isIncomplete(context, component, props)) return undefined;
    const inputs = new Inputs(component.type, props);
    const files = inputs.list("files").map(String);
    const sources: Sources = { files, glob: true, yaml: inputs.text("yaml") ?? "" };
    const objects = [...(await readManifests(sources)), ...inputs.list("objs").filter(isProps).map(clone)];
    return registerAll(context, component, inputs, objects);
}

/** The manifests of one file or URL. @returns the children; none while an input is unknown */
export async function constructConfigFile(
    context: ConstructContext,
    component: Component,
    props: Props,
): Promise<ResourceReference[] | undefined> {
    if (isIncomplete(context, component, props)) return undefined;
    const inputs = new Inputs(component.type, props);
    return registerAll(context, component, inputs, await readManifests({ files: [inputs.required("file")] }));
}

function isIncomplete(context: ConstructContext, component: Component, props: Props): boolean {
    if (!containsUnknowns(props)) return false;
    context.engine.log(
        "warning",
        `${component.type}:${component.name} -- Required input properties have unknown values. Preview is incomplete.\n`,
    );
    return true;
}

async function registerAll(
    context: ConstructContext,
    component: Component,
    inputs: Inputs,
    manifests: Tree[],
): Promise<ResourceReference[]> {
    const { objects, unresolved } = await completeObjects(manifests, context.defaultNamespace, context.cluster);
    warnUnresolved(context.engine, unresolved);
    return registerObjects(component, objects, {
        prefix: inputs.text("resourcePrefix") ?? component.name,
        skipAwait: inputs.flag("skipAwait"),
    });
}
