import { ISTIO_VERSION, UserError } from "@istio-on-pulumi/kube";
import { CHART_FOLDERS } from "./selection";

/** A line of a file, without its indentation, and what a release has there instead. */
interface LineEdit {
    readonly from: string;
    readonly to: string;
}

const CHART_VERSION: readonly LineEdit[] = [
    { from: "version: 1.0.0", to: `version: ${ISTIO_VERSION}` },
    { from: "appVersion: 1.0.0", to: `appVersion: ${ISTIO_VERSION}` },
];

/**
 * Istio's source tree carries placeholders in its charts, and its release builder fills them in; these are those
 * edits, for the charts used here. Chart `base` names no images, so that its values stay as they are.
 */
const EDITS: Readonly<Record<string, readonly LineEdit[]>> = {
    [`${CHART_FOLDERS.base}/Chart.yaml`]: CHART_VERSION,
    [`${CHART_FOLDERS.istiod}/Chart.yaml`]: CHART_VERSION,
    [`${CHART_FOLDERS.istiod}/values.yaml`]: [
        { from: "hub: gcr.io/istio-testing", to: "hub: docker.io/istio" },
        { from: "tag: latest", to: `tag: ${ISTIO_VERSION}` },
    ],
};

/** Whether a release's file differs from the source tree's. */
export function isEdited(path: string): boolean {
    return Object.hasOwn(EDITS, path);
}

/**
 * Turns the source tree's text of a file into the release's. Pure: a text of a file without edits comes back as it is.
 * @throws UserError unless each line to edit is there exactly once.
 */
export function applyReleaseEdits(path: string, text: string): string {
    const lines = text.split("\n");
    for (const { from, to } of EDITS[path] ?? []) {
        const hits = lines.flatMap((line, index) => (line.trim() === from ? [index] : []));
        const [hit] = hits;
        if (hits.length !== 1 || hit === undefined) {
            throw new UserError(
                `${path} has ${hits.length} lines "${from}" where the edit for Istio ${ISTIO_VERSION} ` +
                    "expects exactly one; adapt upstream/release-edits.ts to this version of the chart.",
            );
        }
        lines[hit] = lines[hit]!.replace(from, to);
    }
    return lines.join("\n");
}
