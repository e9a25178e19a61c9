import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { temporaryDirectory } from "@istio-on-pulumi/kube/testing";
import { inspectMesh } from "../src";
import { fakeApi } from "../testing/apiServer";
import { mesh } from "../testing/mesh";

it("logs in once for an inspection, however many lists it reads", async () => {
    const api = await fakeApi(mesh());
    onTestFinished(api.stop);
    const dir = temporaryDirectory();
    const apiVersion = "client.authentication.k8s.io/v1";
    writeFileSync(
        join(dir, "login"),
        `#!/bin/sh\necho once >> ${dir}/runs\n` +
            `echo '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"by-plugin"}}'\n`,
        { mode: 0o755 },
    );
    const config = parse(readFileSync(api.kubeconfig, "utf8")) as { users: { user: object }[] };
    config.users[0]!.user = { exec: { apiVersion, command: join(dir, "login"), interactiveMode: "Never" } };
    await inspectMesh({ kubeconfig: stringify(config), sections: ["injection"] });
    expect(api.asked.length).toBeGreaterThan(5);
    expect(api.headers.authorization).toBe("Bearer by-plugin");
    expect(readFileSync(join(dir, "runs"), "utf8")).toBe("once\n");
});
