import { yamlOf, yamlPatch } from "../../report";

/** Inputs of each object, by its kind and name, such as `Deployment istio-system/kiali`. */
export type Rendered = Readonly<Record<string, unknown>>;

/**
 * The differences between what two stacks would make, in the order of the objects' names.
 *
 * @param isSummary one line for each object instead of a patch
 */
export function describeDifferences(
    [from, before]: readonly [name: string, objects: Rendered],
    [to, after]: readonly [name: string, objects: Rendered],
    isSummary: boolean,
): string {
    const titles = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    const changed = titles.filter((title) => yamlOf(before[title]) !== yamlOf(after[title]));
    const has = { [from]: before, [to]: after };
    const how = (title: string) => {
        const [only, ...others] = Object.keys(has).filter((name) => title in has[name]!);
        return others.length > 0 ? "differs" : `only in ${only}`;
    };
    const lines = isSummary
        ? changed.map((title) => `${title}: ${how(title)}\n`)
        : changed.map((title) =>
              yamlPatch(before[title], after[title], { before: `${from}: ${title}`, after: `${to}: ${title}` }),
          );
    return `${lines.join("")}${changed.length} of ${titles.length} objects differ between ${from} and ${to}.\n`;
}
