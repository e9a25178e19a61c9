import { generatedServiceOf } from "../components/internal";

/** Name of Bookinfo's Gateway, and of its component. */
export const GATEWAY = "bookinfo-gateway";

/** The Service that Istio generates for it. */
export const GENERATED_SERVICE = generatedServiceOf(GATEWAY);
