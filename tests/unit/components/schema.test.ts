import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { beforeAll, expect, it } from "vitest";
import * as library from "../../../components";

const root = join(__dirname, "../../..");
const components = Object.entries(library).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
let analyzed: ReturnType<Analyzer["analyze"]>;

const described = (owner: string, properties: Readonly<Record<string, { description?: string }>>) =>
    Object.entries(properties).map(([key, { description = "" }]) => [`${owner}.${key}`, description] as const);

/** As Pulumi does for `pulumi package add`, when PulumiPlugin.yaml says that the package is written in TypeScript. */
beforeAll(() => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string };
    analyzed = new Analyzer(root, manifest.name, manifest as never, new Set(components)).analyze();
    // It compiles the whole repository.
}, 300_000);

it("is a component package: every component has a schema", () => {
    expect(Object.keys(analyzed.components).sort()).toEqual(components.sort());
});

it("has a section of docs/library.md for every component", () => {
    const text = readFileSync(join(root, "docs", "library.md"), "utf8");
    expect([...text.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name).sort()).toEqual(components.sort());
});

it("says of every argument what a change of it costs, and explains every property of a type", () => {
    const { components: all, typeDefinitions } = analyzed;
    const inputs = Object.values(all).flatMap(({ name, inputs }) => described(name, inputs));
    const types = Object.values(typeDefinitions).flatMap(({ name, properties = {} }) => described(name, properties));
    expect(types.filter(([, text]) => !text).map(([name]) => name)).toEqual([]);
    const args = [...inputs, ...types.filter(([name]) => /Args\./.test(name))];
    expect(args.length).toBeGreaterThan(60);
    expect(args.filter(([, text]) => !/^A change: /m.test(text)).map(([name]) => name)).toEqual([]);
});

it("has nothing but values as inputs and outputs, each of them explained", () => {
    const properties = Object.values(analyzed.components).flatMap(({ name, inputs, outputs }) =>
        Object.entries({ ...inputs, ...outputs }).map(([key, property]) => ({ key: `${name}.${key}`, property })),
    );
    expect(properties.length).toBeGreaterThan(40);
    expect(properties.filter(({ property }) => !property.description).map(({ key }) => key)).toEqual([]);
    expect(analyzed.dependencies).toEqual([]);
});
