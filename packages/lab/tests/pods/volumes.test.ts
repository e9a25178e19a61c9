import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Container, V1Volume } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MissingReference } from "../../src/pods/environment";
import { resolveVolumes, type VolumeSources, writeMounts } from "../../src/pods/volumes";

const OBJECTS: Record<string, Record<string, string>> = {
    "ConfigMap/kube-root-ca.crt": { "ca.crt": "CA" },
    "Secret/tls": { "tls.crt": "CERT", "tls.key": "KEY" },
};
const SOURCES: VolumeSources = {
    lookup: async (kind, name) => OBJECTS[`${kind}/${name}`],
    token: async ({ audience = "default" }) => `token for ${audience}`,
};

function resolve(volume: V1Volume, mounts = [volume.name]) {
    const container: V1Container = { name: "c", volumeMounts: mounts.map((name) => ({ name, mountPath: `/${name}` })) };
    const pod = {
        metadata: { name: "p", namespace: "ns", labels: { a: "1" } },
        spec: { containers: [container], volumes: [volume] },
    };
    return resolveVolumes(pod, [container], SOURCES).then((volumes) => Object.fromEntries(volumes));
}

describe("resolveVolumes", () => {
    it("waits for a required ConfigMap that is mounted", async () => {
        await expect(resolve({ name: "injector", configMap: { name: "istio-sidecar-injector" } })).rejects.toThrow(
            new MissingReference(
                'MountVolume.SetUp failed for volume "injector" : configmap "istio-sidecar-injector" not found',
            ),
        );
    });

    it("does not wait for an optional one, nor for one that is not mounted: that would hide istiod's race", async () => {
        expect(await resolve({ name: "ca", configMap: { name: "istio-ca-root-cert", optional: true } })).toEqual({
            ca: [],
        });
        expect(await resolve({ name: "injector", configMap: { name: "istio-sidecar-injector" } }, [])).toEqual({});
    });

    it("waits for a key that is required", async () => {
        const items = [{ key: "ca-bundle", path: "ca.crt" }];
        await expect(resolve({ name: "tls", secret: { secretName: "tls", items } })).rejects.toThrow(
            'secret "tls" has no key "ca-bundle"',
        );
        expect(await resolve({ name: "tls", secret: { secretName: "tls", items, optional: true } })).toEqual({
            tls: [],
        });
    });

    it("projects token, ConfigMap and downward API into one volume, as for the API server's access", async () => {
        const sources = [
            { serviceAccountToken: { path: "token", audience: "istio-ca" } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
        ];
        expect(await resolve({ name: "api", projected: { sources, defaultMode: 0o640 } })).toEqual({
            api: [
                { path: "token", content: "token for istio-ca", mode: 0o600 },
                { path: "ca.crt", content: "CA", mode: 0o640 },
                { path: "namespace", content: "ns", mode: 0o640 },
            ],
        });
    });

    it("refuses a kind that a process cannot have", async () => {
        await expect(resolve({ name: "data", persistentVolumeClaim: { claimName: "c" } })).rejects.toThrow(
            'volume "data" is none of emptyDir, configMap',
        );
    });
});

describe("writeMounts", () => {
    let root: string;
    beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "mounts-"))));
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    const owner = { uid: process.getuid!(), gid: process.getgid!() };
    const volumes = (content: string) =>
        new Map([
            ["v", [{ path: "sub/file", content, mode: 0o600 }]],
            ["empty", []],
        ]);

    it("writes files with their modes, empty directories, and single files of a volume", async () => {
        const volumeMounts = [
            { name: "v", mountPath: "/etc/v" },
            { name: "v", mountPath: "/one/file", subPath: "sub/file" },
            { name: "empty", mountPath: "/var/empty" },
        ];
        await writeMounts(root, { name: "c", volumeMounts }, volumes("text"), owner);
        expect(readFileSync(join(root, "etc/v/sub/file"), "utf8")).toBe("text");
        expect(statSync(join(root, "etc/v/sub/file")).mode & 0o777).toBe(0o600);
        expect(readFileSync(join(root, "one/file"), "utf8")).toBe("text");
        expect(statSync(join(root, "var/empty")).isDirectory()).toBe(true);
    });

    it("replaces a file only when its content has changed", async () => {
        const container = { name: "c", volumeMounts: [{ name: "v", mountPath: "/v" }] };
        const inode = () => statSync(join(root, "v/sub/file")).ino;
        await writeMounts(root, container, volumes("old"), owner);
        const first = inode();
        await writeMounts(root, container, volumes("old"), owner);
        expect(inode()).toBe(first);
        await writeMounts(root, container, volumes("new"), owner);
        expect(readFileSync(join(root, "v/sub/file"), "utf8")).toBe("new");
    });
});
