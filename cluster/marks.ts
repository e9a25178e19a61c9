/** Label of every object that the stack made; its value is the stack's identity. */
export const STACK_LABEL = "istio-on-pulumi/stack";

/** Label of a namespace that somebody else made and the stack uses; its value is the stack's identity. */
export const USED_BY_LABEL = "istio-on-pulumi/used-by";
