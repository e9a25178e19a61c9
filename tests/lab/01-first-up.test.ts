import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { type KubeObject, snapshot } from "../support/lab-objects";
import { Stack, type StackResource } from "../support/lab-stack";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
/** The URNs of what the program makes: without the stack itself and the engine's default providers, sorted. */
const own = (urns: readonly string[]) =>
    urns.filter((urn) => !/::pulumi:pulumi:Stack::|::pulumi:providers:(pulumi|command)::/.test(urn)).sort();
const READ = "kubernetes:core/v1:Service::bookinfo-gateway-istio";
let planned: string[];

test("on an empty cluster a preview succeeds and changes nothing", async () => {
    const pristine = JSON.parse(readFileSync(inject("pristineFile"), "utf8")) as KubeObject[];
    const before = new Set(pristine.map(({ metadata }) => metadata.uid));
    const { steps } = JSON.parse(await stack.pulumi(["preview", "--json"])) as { steps: { op: string; urn: string }[] };
    // Istio generates the gateway's Service, so it is read, once it is there.
    const others = steps.filter(({ op }) => op !== "create").map(({ op, urn }) => `${op} ${urn.split("$").at(-1)}`);
    expect(others).toEqual([`read ${READ}`]);
    planned = own(steps.filter(({ op }) => op === "create").map(({ urn }) => urn));
    expect(planned).toHaveLength(85);
    const added = [...(await snapshot(lab))].filter(([, { metadata }]) => !before.has(metadata.uid));
    expect(added.map(([key]) => key)).toEqual([]);
});

test("pulumi up succeeds, and creates what the preview has named: no less and no more", async () => {
    expect(await stack.resources()).toEqual([]);
    await stack.up();
    const resources: (StackResource & { external?: boolean })[] = await stack.resources();
    const [read, ...others] = resources.filter(({ external }) => external);
    expect(others).toEqual([]);
    expect(read?.urn.split("$").at(-1)).toBe(READ);
    expect(own(resources.filter(({ external }) => !external).map(({ urn }) => urn))).toEqual(planned);
});
