import { Secret, isProps, type Props } from "../../rpc/values";
import { gvkOf, isSecret, typeToken } from "../object/kinds";
import { SKIP_AWAIT, nameOf, namespaceOf } from "../object/names";
import { at, setAt, text, type Tree } from "../object/tree";
import type { Component } from "./component";
import { inOrder } from "./order";
import type { ResourceReference } from "../../rpc/values";

export interface RegisterOptions {
    /** stands before each child's name, with a colon; may be empty */
    prefix: string;
    skipAwait: boolean;
    /** whether the object stays when the child is deleted */
    retain?: (object: Tree) => boolean;
}

/**
 * Registers each object as a child of the component, as early as what it depends on allows.
 * @returns the children in order
 */
export async function registerObjects(
    component: Component,
    objects: Tree[],
    options: RegisterOptions,
): Promise<ResourceReference[]> {
    const children: Promise<ResourceReference>[] = [];
    for (const { object, dependencies } of inOrder(objects)) {
        const before = dependencies.map((index) => children[index] as Promise<ResourceReference>);
        children.push(
            Promise.all(before).then((resources) =>
                component.registerChild({
                    type: typeToken(gvkOf(object)),
                    name: childName(object, options.prefix),
                    props: childProps(object, options.skipAwait),
                    dependencies: resources.map((resource) => resource.urn),
                    retainOnDelete: options.retain?.(object) ?? false,
                }),
            ),
        );
    }
    // All of them end before the first failure is passed on, so that nothing goes on behind the engine's back.
    await Promise.allSettled(children);
    return Promise.all(children);
}

/** `<prefix>:<namespace>/<name>`, without the parts that are empty. */
export function childName(object: Tree, prefix: string): string {
    const namespace = namespaceOf(object);
    const name = namespace ? `${namespace}/${nameOf(object)}` : nameOf(object);
    return prefix ? `${prefix}:${name}` : name;
}

function childProps(object: Tree, skipAwait: boolean): Props {
    const props = withoutNulls(object) as Props;
    if (skipAwait) {
        if (!isProps(at(props, "metadata", "annotations"))) setAt(props, {}, "metadata", "annotations");
        setAt(props, "true", "metadata", "annotations", SKIP_AWAIT);
    }
    if (isSecret(object) && text(object, "apiVersion") === "v1") {
        for (const field of ["data", "stringData"]) if (field in props) props[field] = new Secret(props[field]);
    }
    return props;
}

function withoutNulls(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withoutNulls);
    if (!isProps(value)) return value;
    const result: Props = {};
    for (const [key, item] of Object.entries(value)) if (item !== null) result[key] = withoutNulls(item);
    return result;
}
