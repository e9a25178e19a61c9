import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordOf } from "../src/control-plane/processes";
import { endpointsOf, endpointTable } from "../src/endpoints";
import { labEnvironment } from "../src/environment";
import { withLock } from "../src/lock";
import { labPlace } from "../src/place";
import { choosePlugins, pluginDir } from "../src/plugins";
import { withLabSettings } from "../src/pulumi";
import { throttled } from "../src/ui";

let dir: string;
beforeEach(() => void (dir = realpathSync(mkdtempSync(join(tmpdir(), "lab-")))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const placeIn = (env: NodeJS.ProcessEnv = {}) =>
    labPlace({ XDG_STATE_HOME: join(dir, "state"), XDG_CACHE_HOME: join(dir, "cache"), ...env });

describe("labPlace", () => {
    it("keeps labs apart by name", () => {
        expect(placeIn()).toMatchObject({
            name: "lab",
            netns: "istio-lab",
            state: join(dir, "state/istio-on-pulumi/lab/lab"),
            cache: join(dir, "cache/istio-on-pulumi"),
        });
        expect(placeIn({ LAB_NAME: "dev-2" })).toMatchObject({
            netns: "istio-dev-2",
            kubeconfig: join(dir, "state/istio-on-pulumi/lab/dev-2/kubeconfig"),
        });
    });

    it.each(["Dev", "../x", "a.b", "-a", "a-", "x".repeat(21)])("refuses the name %j", (name) => {
        expect(() => placeIn({ LAB_NAME: name })).toThrow(`LAB_NAME is ${JSON.stringify(name)}, which names no lab`);
    });
});

describe("labEnvironment", () => {
    const env = {
        PATH: "/usr/bin",
        KUBECONFIG: "/home/me/config",
        https_proxy: "http://proxy",
        NO_PROXY: "x",
        PULUMI_STACK: "prod",
        PULUMI_ACCESS_TOKEN: "t",
        PULUMI_HOME: "/home/me/.pulumi",
        LANG: "C",
    };

    it("names the lab's cluster, backend and programs, and nothing of the user's", () => {
        const place = placeIn();
        expect(labEnvironment(place, "/plugins", env)).toEqual({
            LANG: "C",
            PATH: `${place.bin}:/plugins:/usr/bin:/usr/sbin:/sbin`,
            LAB_NAME: "lab",
            KUBECONFIG: place.kubeconfig,
            PULUMI_BACKEND_URL: `file://${place.backend}`,
            PULUMI_CONFIG_PASSPHRASE: "lab",
            PULUMI_HOME: place.pulumiHome,
            PULUMI_SKIP_UPDATE_CHECK: "true",
        });
    });

    it("keeps a passphrase that is set", () => {
        expect(
            labEnvironment(placeIn(), "/plugins", { PULUMI_CONFIG_PASSPHRASE: "own" }).PULUMI_CONFIG_PASSPHRASE,
        ).toBe("own");
    });
});

describe("plugins", () => {
    const executable = (path: string, text = "#!/bin/sh\necho official\n") => {
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, text);
        chmodSync(path, 0o755);
    };
    const kinds = (env: NodeJS.ProcessEnv) =>
        choosePlugins(placeIn(), { PATH: "", PULUMI_HOME: join(dir, "home"), ...env }).map(({ kind }) => kind);

    it("are the stand-ins where nothing else is installed", () => {
        expect(kinds({})).toEqual(["stand-in", "stand-in", "stand-in"]);
    });

    it("are those of LAB_PLUGINS first, then installed ones of the very version, then those beside the engine", () => {
        executable(join(dir, "given/pulumi-resource-command"));
        executable(join(dir, "home/plugins/resource-kubernetes-v4.34.2/pulumi-resource-kubernetes"));
        executable(join(dir, "home/plugins/resource-command-v1.2.1/pulumi-resource-command"));
        executable(join(dir, "engine/pulumi"));
        executable(join(dir, "engine/pulumi-language-nodejs"));
        expect(kinds({ LAB_PLUGINS: join(dir, "given"), PATH: join(dir, "engine") })).toEqual([
            "official",
            "LAB_PLUGINS",
            "official",
        ]);
        rmSync(join(dir, "home/plugins/resource-kubernetes-v4.34.2"), { recursive: true });
        executable(join(dir, "home/plugins/resource-kubernetes-v4.34.1/pulumi-resource-kubernetes"));
        expect(kinds({})).toEqual(["stand-in", "official", "stand-in"]);
    });

    it("refuse a LAB_PLUGINS that holds none", () => {
        expect(() => kinds({ LAB_PLUGINS: join(dir, "absent") })).toThrow("which does not exist");
        mkdirSync(join(dir, "empty"));
        expect(() => kinds({ LAB_PLUGINS: join(dir, "empty") })).toThrow(
            "which holds none of pulumi-resource-kubernetes, pulumi-resource-command, pulumi-language-nodejs",
        );
    });

    it("stand in a directory of their own for each choice, which runs from anywhere", async () => {
        executable(join(dir, "given/pulumi-language-nodejs"));
        executable(join(dir, "given/pulumi-language-nodejs-exec"));
        writeFileSync(
            join(dir, "main.ts"),
            "const words: string[] = process.argv.slice(2);\nconsole.log(words.join('|'));\n",
        );
        const standIns = (["pulumi-resource-kubernetes", "pulumi-resource-command"] as const).map((name) => ({
            executable: name,
            kind: "stand-in" as const,
            file: join(dir, "main.ts"),
        }));
        const choices = [
            ...standIns,
            {
                executable: "pulumi-language-nodejs",
                kind: "LAB_PLUGINS" as const,
                file: join(dir, "given/pulumi-language-nodejs"),
            },
        ];
        const made = await pluginDir(placeIn(), choices);
        expect(await pluginDir(placeIn(), choices)).toBe(made);
        expect(
            execFileSync(join(made, "pulumi-resource-kubernetes"), ["127.0.0.1:1", "a b"], {
                encoding: "utf8",
                cwd: "/",
            }),
        ).toBe("127.0.0.1:1|a b\n");
        expect(execFileSync(join(made, "pulumi-language-nodejs"), { encoding: "utf8" })).toBe("official\n");
        expect(readFileSync(join(made, "pulumi-language-nodejs-exec"), "utf8")).toContain("official");
        expect(await pluginDir(placeIn(), choices.slice(0, 2))).not.toBe(made);
    });
});

describe("withLabSettings", () => {
    it("sets the lab's settings in a new file", () => {
        expect(withLabSettings("", { context: "lab", nodeHost: "10.240.0.10" })).toBe(
            "config:\n  istio-on-pulumi:context: lab\n  istio-on-pulumi:nodeHost: 10.240.0.10\n",
        );
    });

    it("keeps the salt, comments and what the user has set", () => {
        const before =
            "encryptionsalt: v1:abc\nconfig:\n  # mine\n  istio-on-pulumi:loki: false\n  istio-on-pulumi:context: other\n";
        expect(withLabSettings(before, { context: "lab" })).toBe(
            "encryptionsalt: v1:abc\nconfig:\n  # mine\n  istio-on-pulumi:loki: false\n  istio-on-pulumi:context: lab\n",
        );
    });
});

describe("endpoints", () => {
    const kiali = {
        name: "kiali",
        address: "kiali.istio-system.svc",
        ports: [
            { name: "http", port: 20001, nodePort: 30001, url: "http://h:30001" },
            { name: "http-metrics", port: 9090 },
        ],
    };

    it("come as a list or by name", () => {
        expect(endpointsOf({ endpoints: [kiali] })).toEqual([kiali]);
        expect(endpointsOf({ endpoints: { kiali: { ports: [] } } })).toEqual([{ name: "kiali", ports: [] }]);
        expect(endpointsOf({})).toEqual([]);
    });

    it("are a table with a line a port", () => {
        expect(endpointTable([kiali, { service: "istiod", namespace: "istio-system" }])).toBe(
            [
                "ENDPOINT  ADDRESS IN THE CLUSTER  PORT               NODE PORT  URL",
                "kiali     kiali.istio-system.svc  20001 http         30001      http://h:30001",
                "                                  9090 http-metrics",
                "istiod    istiod.istio-system",
            ].join("\n"),
        );
    });
});

describe("withLock", () => {
    it("refuses a second holder, and takes over from one that has ended", async () => {
        const file = join(dir, "locks", "lab.lock");
        await expect(withLock(file, "lab x", () => withLock(file, "lab x", async () => 1))).rejects.toThrow(
            `The lab x is being started or stopped by process ${process.pid}`,
        );
        writeFileSync(file, JSON.stringify({ ...recordOf("lock", process.pid), startTicks: "1" }));
        expect(await withLock(file, "lab x", async () => 2)).toBe(2);
    });
});

describe("throttled", () => {
    it("lets a line through once a period", () => {
        const lines: string[] = [];
        let time = 0;
        const report = throttled(
            (line) => lines.push(line),
            10,
            () => time,
        );
        for (time = 1; time <= 25; time += 1) report(String(time));
        expect(lines).toEqual(["10", "20"]);
    });
});
