import type { PolicyConfigSchema } from "@pulumi/policy";
import type { KubeObject } from "./objects";

type Properties = PolicyConfigSchema["properties"];

interface RuleBase {
    /** In configuration and output, such as `image-tags`. */
    readonly name: string;
    /** What it asks for, as a sentence. */
    readonly description: string;
    /** Stacks in which it is mandatory unless the configuration says otherwise; elsewhere it is advisory. */
    readonly production: readonly string[];
    /** What else may be configured, each with its default. */
    readonly settings?: Properties;
}

/** What a rule has against an object: one sentence with what is wrong, where, what is allowed, and what to do. */
export type Complaint = string;

/** A rule that needs but one object to judge it; it stops that object before anything of it is made. */
export interface ObjectRule<Settings = object> extends RuleBase {
    readonly judge: (object: KubeObject, settings: Settings, stack: string) => Complaint[];
}

export interface Finding {
    readonly object: KubeObject;
    readonly complaint: Complaint;
}

/** A rule that needs to see all objects of the stack; it is asked at the end of a preview or an update. */
export interface StackRule<Settings = object> extends RuleBase {
    readonly judgeAll: (objects: readonly KubeObject[], settings: Settings, stack: string) => Finding[];
}

export type Rule = ObjectRule<never> | StackRule<never>;
