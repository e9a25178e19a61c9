import { parseAllDocuments } from "yaml";
import { plainValue, reasonOf, UserError } from "@istio-on-pulumi/kube";

/** What to do about a file that is upstream's and still not as it was in the releases before. */
export const ANOTHER_RELEASE =
    "adapt this program to it, or install another release with: pulumi config set --path istio.version <version>";

/**
 * The documents of a text in YAML, in their order.
 *
 * @throws UserError where it is none, or where an alias in it leads nowhere
 */
export function yamlDocuments(text: string): unknown[] {
    const documents = parseAllDocuments(text, { logLevel: "silent" });
    try {
        return documents.map((document) => {
            if (document.errors.length > 0) throw document.errors[0]!;
            return plainValue(document);
        });
    } catch (error) {
        throw new UserError(`A file of upstream is no YAML (${reasonOf(error)}); ${ANOTHER_RELEASE}`);
    }
}
