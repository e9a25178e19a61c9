import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { getAll } from "../support/lab-objects";
import { OwnApp } from "../support/lab-own-app";

const lab = Lab.named(TEST_LAB);
const { repository } = lab.place;

/** As `pulumi package get-schema` prints it. */
interface Schema {
    resources: Record<
        string,
        { isComponent: boolean; inputProperties: Record<string, object>; requiredInputs?: string[] }
    >;
    types: Record<string, { enum?: { value: string }[] }>;
}

describe("a program in Pulumi YAML, with the repository as a component package", () => {
    let app: OwnApp;

    beforeAll(async () => {
        await lab.command("start", "--yaml");
        app = new OwnApp(lab, "own-app-yaml");
        // The property is newer than the plugin that the lab builds where there is no official one; that plugin always
        // takes over.
        const program = join(app.dir, "Pulumi.yaml");
        if (lab.plugins().includes("pulumi-resource-kubernetes: built"))
            writeFileSync(program, readFileSync(program, "utf8").replace(/^ +upsertExistingObjects: true\n/m, ""));
        await app.makeStack();
    });
    afterAll(() => app.remove());

    test("knows the components by their schema", async () => {
        const { resources, types } = JSON.parse(await app.pulumi("package", "get-schema", repository)) as Schema;
        expect(resources["istio-on-pulumi:index:IngressGateway"]).toMatchObject({
            isComponent: true,
            inputProperties: { hostnames: { type: "array" }, namespaceLabels: { type: "object" } },
            requiredInputs: ["namespace"],
        });
        const access = types["istio-on-pulumi:index:KialiAccess"]?.enum?.map(({ value }) => value);
        expect(access).toEqual(["anonymous", "view-only", "token"]);
    });

    test("takes the package by `pulumi package add`", async () => {
        await app.pulumi("package", "add", repository);
        expect(readFileSync(join(app.dir, "Pulumi.yaml"), "utf8")).toContain(`istio-on-pulumi: ${repository}\n`);
    });

    test("comes up: control plane, gateway and app, no Bookinfo", () => app.comesUp());

    test("answers through its gateway, to its host name alone", async () => {
        expect(await app.answers()).toBe("404");
    });

    test("changes nothing by a second up", async () => {
        await app.change("up", "--expect-no-changes");
    });

    test("is destroyed", async () => {
        await app.change("destroy");
        expect(await getAll(lab, "namespace", "shop")).toEqual([]);
    });
});
