import { UserError } from "@istio-on-pulumi/kube";
import { CHART_FOLDERS, istioTree } from "./selection";

/** A line of a file, without its indentation, and what a release has there instead. */
interface LineEdit {
    readonly from: string;
    readonly to: string;
}

/**
 * Istio's source tree carries placeholders in its charts, and its release builder fills them in; these are those
 * edits, for the charts used here. Chart `base` names no images, so that its values stay as they are.
 */
function editsOf(path: string): { version: string; edits: readonly LineEdit[] } {
    const [, version = "", file = ""] = TREE.exec(path) ?? [];
    switch (file) {
        case `${CHART_FOLDERS.base}/Chart.yaml`:
        case `${CHART_FOLDERS.istiod}/Chart.yaml`:
            return {
                version,
                edits: [
                    { from: "version: 1.0.0", to: `version: ${version}` },
                    { from: "appVersion: 1.0.0", to: `appVersion: ${version}` },
                ],
            };
        case `${CHART_FOLDERS.istiod}/values.yaml`:
            return {
                version,
                edits: [
                    { from: "hub: gcr.io/istio-testing", to: "hub: docker.io/istio" },
                    { from: "tag: latest", to: `tag: ${version}` },
                ],
            };
        default:
            return { version, edits: [] };
    }
}

/** A lock path in one of Istio's trees: the version, and the path in the tree. */
const TREE = new RegExp(`^${istioTree("([^/]+)")}/(.+)$`);

/** Whether a release's file differs from the source tree's. */
export function isEdited(path: string): boolean {
    return editsOf(path).edits.length > 0;
}

/**
 * Turns the source tree's text of a file into the release's. Pure: a text of a file without edits comes back as it is.
 * @throws UserError unless each line to edit is there exactly once.
 */
export function applyReleaseEdits(path: string, text: string): string {
    const lines = text.split("\n");
    const { version, edits } = editsOf(path);
    for (const { from, to } of edits) {
        const hits = lines.flatMap((line, index) => (line.trim() === from ? [index] : []));
        const [hit] = hits;
        if (hits.length !== 1 || hit === undefined) {
            throw new UserError(
                `${path} has ${hits.length} lines "${from}" where the edit for Istio ${version} ` +
                    "expects exactly one; adapt upstream/release-edits.ts to this version of the chart.",
            );
        }
        lines[hit] = lines[hit]!.replace(from, to);
    }
    return lines.join("\n");
}
