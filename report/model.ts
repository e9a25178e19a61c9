/** What is looked at: what an update would do, what it did, or what somebody else has done meanwhile. */
export type Kind = "preview" | "up" | "drift";

/** What happens to a resource. */
export type Verb = "create" | "update" | "replace" | "delete" | "keep";

export type Fields = Readonly<Record<string, unknown>>;

/** A resource of the stack, before it is masked: for rules, never for print. */
export interface Resource {
    readonly urn: string;
    /** Pulumi's type, such as `kubernetes:apps/v1:Deployment`. */
    readonly type: string;
    /** For people: `Deployment istio-sample/details-v1`, or type and name of what is no object of a cluster. */
    readonly title: string;
    /** Of a Kubernetes object; else the last part of the type. */
    readonly kind: string;
    /** The object's own; of what goes and is made anew under another name the one that it has now. */
    readonly name: string;
    readonly namespace?: string;
    readonly verb: Verb;
    /** Whether it is read alone, and none of the stack's. */
    readonly isRead: boolean;
    /** What the program asked for before and asks for now; of a drift what was there and is there now. */
    readonly before?: Fields;
    readonly after?: Fields;
    /** All that the cluster said of it before, or of what is new would say. */
    readonly state?: Fields;
    /** Fields that the engine tells to differ, where both values are hidden. */
    readonly hidden: readonly string[];
    /** Fields that cannot be changed in place. */
    readonly because: readonly string[];
    /** Of a replacement: whether the old one goes before the new one comes. */
    readonly goesFirst: boolean;
    /** Whether the object stays in the cluster when the stack lets go of it. */
    readonly stays: boolean;
    /** Of a drift: who wrote which field, and when. */
    readonly writers: readonly Writer[];
}

/** A writer of fields by the object's own record (`managedFields`). */
export interface Writer {
    readonly field: string;
    readonly manager: string;
    /** RFC 3339; absent where the API server has not told. */
    readonly time?: string;
}

/** What one operation of the engine did, or would do, to a stack. */
export interface Changes {
    readonly kind: Kind;
    readonly stack: string;
    /** Kubernetes objects and whatever else a plugin manages, unchanged ones too. */
    readonly resources: readonly Resource[];
    /** The components, whose inputs say what the settings asked for. */
    readonly components: readonly Resource[];
    /** Why it ended early, in the program's or the engine's own words; none where it ended well. */
    readonly refusals: readonly string[];
}

/** How much a reader should mind; in this order. */
export const LEVELS = ["none", "note", "caution", "danger"] as const;
export type Level = (typeof LEVELS)[number];

/** One thing to mind. */
export interface Risk {
    readonly level: Exclude<Level, "none">;
    /** What happens and why, as one sentence. */
    readonly sentence: string;
    /** Titles of the resources that it is about. */
    readonly titles: readonly string[];
    /** The same in the headline's few words, where it belongs there. */
    readonly clause?: string;
}

export const highest = (levels: readonly Level[]): Level =>
    LEVELS[Math.max(0, ...levels.map((level) => LEVELS.indexOf(level)))]!;
