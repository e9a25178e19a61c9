import type { ComponentResource, CustomResourceOptions } from "@pulumi/pulumi";

/**
 * The resource name and the options of a component's child.
 *
 * Named after its component, so that a program may have two of them; the alias is the name of releases before 0.2, so
 * that a stack of theirs keeps the object.
 * @param name the component's
 * @param object what tells the child from its siblings, mostly the object's own name
 */
export function childOf(
    parent: ComponentResource,
    name: string,
    object: string,
): [name: string, options: CustomResourceOptions] {
    return [`${name}-${object}`, { parent, aliases: [{ name: object }] }];
}
