import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { getAll } from "../support/lab-objects";
import { OwnApp } from "../support/lab-own-app";

const lab = Lab.named(TEST_LAB);

describe("a program of one's own, with the package as npm installs it", () => {
    let app: OwnApp;

    beforeAll(async () => {
        app = new OwnApp(lab, "own-app-typescript");
        const pack = ["pack", "--silent", "--pack-destination", app.dir];
        const archive = (await execa("npm", pack, { cwd: lab.place.repository })).stdout.trim().split("\n").at(-1)!;
        const manifest = join(app.dir, "package.json");
        writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/file:.*\.tgz/, `file:./${archive}`));
        await execa("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: app.dir });
        await app.makeStack();
    });
    afterAll(() => app.remove());

    test("is of the package's types", async () => {
        await execa("npx", ["tsc", "-p", "."], { cwd: app.dir });
    });

    test("comes up: control plane, gateway and app, no Bookinfo", () => app.comesUp());

    test("answers through its gateway, to its host name alone", async () => {
        expect(await app.answers()).toBe("404");
    });

    test("changes nothing by a second up: what it installed it knows again", async () => {
        await app.change("up", "--expect-no-changes");
    });

    test("is destroyed, and comes up again over the CRDs that stay", async () => {
        await app.change("destroy");
        await app.change("up");
        await app.change("destroy");
        expect(await getAll(lab, "namespace", "shop")).toEqual([]);
    });
});
