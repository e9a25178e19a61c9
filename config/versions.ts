import { compareMinors, istioRelease, minorOf, WITHOUT_REVISION } from "@istio-on-pulumi/kube";
import type { GivenSettings } from "./schema";

/** The stack's settings as the program sees them: no version is left open. */
export type StackSettings = ReturnType<typeof withVersions>;

/** Fills in the versions that were left empty: those that go with the release of Istio's default control plane. */
export function withVersions(given: GivenSettings) {
    const { gatewayApi, istio, bookinfo } = given;
    const release = istioRelease(istioVersions(istio).defaultVersion);
    return {
        ...given,
        gatewayApi: { ...gatewayApi, version: gatewayApi.version ?? release.gatewayApi },
        istio: { ...istio, tag: istio.tag ?? istio.version },
        bookinfo: { ...bookinfo, tag: bookinfo.tag ?? release.bookinfo },
    };
}

interface IstioVersions {
    /** The release of each control plane by its revision. */
    readonly controlPlanes: Readonly<Record<string, string>>;
    /** The release of the control plane that namespaces without a revision get. */
    readonly defaultVersion: string;
    /** The newest release of all: its CRDs serve the others, too. */
    readonly crdsVersion: string;
}

/** The releases of Istio in a stack; one but for an upgrade by revision. */
export function istioVersions(istio: GivenSettings["istio"]): IstioVersions {
    const { version, revisions, defaultRevision, onlyRevisions } = istio;
    const controlPlanes: Record<string, string> = {
        ...(!onlyRevisions && { [WITHOUT_REVISION]: version }),
        ...revisions,
    };
    return {
        controlPlanes,
        defaultVersion: defaultRevision === undefined ? version : revisions[defaultRevision]!,
        crdsVersion: Object.values(controlPlanes).toSorted(compareVersions).at(-1)!,
    };
}

function compareVersions(a: string, b: string): number {
    const patch = (version: string) => Number(version.split(".")[2]);
    return compareMinors(minorOf(a)!, minorOf(b)!) || patch(a) - patch(b);
}
