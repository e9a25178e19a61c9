import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    realpathSync,
    rmSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endpointsOf, endpointTable } from "../src/endpoints";
import { labEnvironment } from "../src/environment";
import { withLock } from "../src/lock";
import { labPlace } from "../src/place";
import { ensureStack, withLabSettings, withoutEncryption } from "../src/pulumi";
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
            stack: "lab",
        });
        expect(placeIn({ LAB_NAME: "dev-2" })).toMatchObject({
            netns: "istio-dev-2",
            kubeconfig: join(dir, "state/istio-on-pulumi/lab/dev-2/kubeconfig"),
            stack: "lab-dev-2",
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

describe("withLabSettings", () => {
    it("sets the lab's settings in a new file", () => {
        expect(withLabSettings("", { "cluster.context": "lab", bundle: "/b" })).toBe(
            "config:\n  istio-on-pulumi:cluster:\n    context: lab\n  istio-on-pulumi:bundle: /b\n",
        );
    });

    it("keeps the salt, comments and what the user has set", () => {
        const file = (context: string) =>
            "encryptionsalt: v1:abc\nconfig:\n  # mine\n  istio-on-pulumi:mtls:\n    mode: STRICT\n" +
            `  istio-on-pulumi:cluster:\n    uid: u\n    context: ${context}\n`;
        expect(withLabSettings(file("other"), { "cluster.context": "lab" })).toBe(file("lab"));
    });

    it("takes away the keys of before the groups that were its own, which the program refuses", () => {
        const before = "config:\n  istio-on-pulumi:context: lab\n  istio-on-pulumi:nodeHost: 127.0.0.1\n";
        expect(withLabSettings(before, { bundle: "/b" })).toBe("config:\n  istio-on-pulumi:bundle: /b\n");
    });
});

describe("withoutEncryption", () => {
    it("drops the encryption and what needs it, at any depth, and keeps the rest", () => {
        const text = [
            "encryptionsalt: v1:abc",
            "secretsprovider: passphrase",
            "config:",
            "  # mine",
            "  istio-on-pulumi:bundle:",
            "    secure: v1:xyz",
            "  istio-on-pulumi:inspection:",
            "    mode: ssh",
            "    privateKey:",
            "      secure: v1:xyz",
            "",
        ].join("\n");
        expect(withoutEncryption(text)).toEqual({
            text: "config:\n  # mine\n  istio-on-pulumi:inspection:\n    mode: ssh\n",
            dropped: ["istio-on-pulumi:bundle", "istio-on-pulumi:inspection.privateKey"],
        });
    });
});

describe("ensureStack", () => {
    /** An engine that opens the salt `v1:mine` only, as the passphrase does. */
    const ENGINE = `#!/bin/sh
echo "$@" >> calls
grep -q "^encryptionsalt" Pulumi.lab.yaml || { echo "encryptionsalt: v1:mine" >> Pulumi.lab.yaml; exit 0; }
grep -q "^encryptionsalt: v1:mine" Pulumi.lab.yaml && exit 0
echo "error: could not create secrets manager for new stack: incorrect passphrase" >&2
exit 255
`;
    const settings = (text?: string) => {
        const file = join(dir, "Pulumi.lab.yaml");
        if (text !== undefined) writeFileSync(file, text);
        return readFileSync(file, "utf8");
    };
    const ensure = () => {
        const place = { ...placeIn(), repository: dir, stackSettings: join(dir, "Pulumi.lab.yaml") };
        mkdirSync(place.bin, { recursive: true });
        writeFileSync(join(place.bin, "pulumi"), ENGINE, { mode: 0o755 });
        return ensureStack(place, process.env, "/bundle");
    };

    it("makes a stack after a reset although its settings were encrypted for the removed one", async () => {
        settings("encryptionsalt: v1:other\nconfig:\n  a:key:\n    secure: v1:xyz\n  a:loki: false\n");
        expect(await ensure()).toEqual(["a:key"]);
        expect(settings()).toContain("encryptionsalt: v1:mine");
        expect(settings()).toContain("a:loki: false");
        expect(settings()).not.toContain("secure");
    });

    it("keeps encrypted settings that the passphrase opens", async () => {
        settings("encryptionsalt: v1:mine\nconfig:\n  a:key:\n    secure: v1:xyz\n");
        expect(await ensure()).toEqual([]);
        expect(settings()).toContain("secure: v1:xyz");
        expect(settings()).toContain("istio-on-pulumi:bundle: /bundle");
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
    const path = () => join(dir, "labs", "x");
    const held = () => existsSync(`${path()}.lock`);

    it("refuses a second holder, and is free again whether the action succeeds or fails", async () => {
        await expect(
            withLock(path(), "lab x", async () => {
                expect(held()).toBe(true);
                await withLock(path(), "lab x", () => Promise.resolve());
            }),
        ).rejects.toThrow("The lab x is being started or stopped by another command");
        expect(held()).toBe(false);
        expect(await withLock(path(), "lab x", () => Promise.resolve(1))).toBe(1);
        expect(held()).toBe(false);
    });

    it("takes over from a holder that was killed, after ten seconds", async () => {
        mkdirSync(`${path()}.lock`, { recursive: true });
        const killedAgo = (seconds: number) => {
            const then = Date.now() / 1000 - seconds;
            utimesSync(`${path()}.lock`, then, then);
        };
        killedAgo(8);
        await expect(withLock(path(), "lab x", () => Promise.resolve())).rejects.toThrow("at least 10 s");
        killedAgo(11);
        expect(await withLock(path(), "lab x", () => Promise.resolve(2))).toBe(2);
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
