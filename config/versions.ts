import { istioRelease } from "@istio-on-pulumi/kube";
import type { GivenSettings } from "./schema";

/** The stack's settings as the program sees them: no version is left open. */
export type StackSettings = ReturnType<typeof withVersions>;

/** Fills in the versions that were left empty: those that go with the release of Istio. */
export function withVersions(given: GivenSettings) {
    const { gatewayApi, istio, bookinfo } = given;
    const release = istioRelease(istio.version);
    return {
        ...given,
        gatewayApi: { ...gatewayApi, version: gatewayApi.version ?? release.gatewayApi },
        istio: { ...istio, tag: istio.tag ?? istio.version },
        bookinfo: { ...bookinfo, tag: bookinfo.tag ?? release.bookinfo },
    };
}
