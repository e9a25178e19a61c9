import { z } from "zod";
import { settings } from "./schema";
import { type Facts, FACTS } from "./setting";

/** One setting at its place in the tree. */
export interface Leaf {
    /** Such as `gateway.nodePort`, as `pulumi config set --path` takes it. */
    readonly path: string;
    readonly type: z.ZodType;
    readonly facts: Facts;
}

/** Every setting, in the order of the schema. */
export const LEAVES: readonly Leaf[] = leavesOf(settings, "");

/** What a group's keys lead to: settings, or groups. */
export function membersOf(type: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
    return type instanceof z.ZodObject ? type.shape : undefined;
}

function leavesOf(type: z.ZodType, path: string): Leaf[] {
    const facts = FACTS.get(type);
    if (facts !== undefined) return [{ path, type, facts }];
    return Object.entries(membersOf(type) ?? {}).flatMap(([key, member]) =>
        leavesOf(member, path === "" ? key : `${path}.${key}`),
    );
}
