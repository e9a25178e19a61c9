import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

it("has types whose properties are explained, and all values of those that name some", () => {
    const types = Object.entries(analyzed.typeDefinitions);
    const properties = types.flatMap(([name, { properties = {} }]) =>
        Object.entries(properties).map(([key, { description }]) => ({ key: `${name}.${key}`, description })),
    );
    expect(properties.length).toBeGreaterThan(30);
    expect(properties.filter(({ description }) => !description).map(({ key }) => key)).toEqual([]);
    const inSchema = types.flatMap(([name, type]) => (type.enum ? [[name, type.enum.map(({ value }) => value)]] : []));
    const named = Object.entries(library).flatMap(([name, value]) =>
        typeof value === "object" ? [[name, Object.values(value)]] : [],
    );
    expect(named.length).toBeGreaterThan(5);
    expect(Object.fromEntries(inSchema)).toEqual(Object.fromEntries(named));
});

it("is loaded from the directory of any program, by its package's name", async () => {
    const program = mkdtempSync(join(tmpdir(), "program-"));
    const runner = require.resolve("@pulumi/pulumi/cmd/run-plugin");
    const child = spawn(process.execPath, [runner, root, "127.0.0.1:1"], { cwd: program, stdio: "pipe" });
    try {
        // The port at which the engine asks it; what it complains of, otherwise.
        const [line] = (await Promise.race(
            [child.stdout, child.stderr].map((input) => once(createInterface({ input }), "line")),
        )) as [string];
        expect(line).toMatch(/^\d+$/);
    } finally {
        child.kill("SIGKILL");
        rmSync(program, { recursive: true });
    }
});
