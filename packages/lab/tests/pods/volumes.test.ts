import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
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
    lookup: (kind, name) => Promise.resolve(OBJECTS[`${kind}/${name}`]),
    token: ({ audience = "default" }) => Promise.resolve(`token for ${audience}`),
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

    it("waits neither for an optional one nor for one that is not mounted: that would hide istiod's race", async () => {
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

    it.each<Omit<V1Volume, "name">>([
        { persistentVolumeClaim: { claimName: "c" } },
        { hostPath: { path: "/etc" } },
        { hostPath: { path: "/proc/self/root/etc/.." } },
        { csi: { driver: "any" } },
    ])("refuses a kind that a process cannot have, such as the machine's own files: %j", async (volume) => {
        await expect(resolve({ name: "data", ...volume })).rejects.toThrow(
            'volume "data" is none of emptyDir, configMap',
        );
    });

    it.each<[object, string]>([
        [
            { mountPath: "/../../etc/cron.d" },
            'container "c" mounts volume "v" at "/../../etc/cron.d", ' +
                'which leads out of its root: leave ".." out of mountPath',
        ],
        [{ mountPath: "/a/../.." }, '"/a/../..", which leads out of its root'],
        [{ mountPath: "/a", subPath: "../b" }, 'mounts volume "v" with subPath "../b", which leads out of it'],
        [{ mountPath: "/a", subPathExpr: "$(POD)" }, 'mounts volume "v" with subPathExpr, which the lab does not know'],
    ])("refuses a mount that leads elsewhere: %j", async (mount, sentence) => {
        const container: V1Container = { name: "c", volumeMounts: [{ name: "v", mountPath: "", ...mount }] };
        const pod = { spec: { containers: [container], volumes: [{ name: "v", emptyDir: {} }] } };
        await expect(resolveVolumes(pod, [container], SOURCES)).rejects.toThrow(sentence);
    });

    it("takes a path that goes up and stays inside", async () => {
        const container: V1Container = { name: "c", volumeMounts: [{ name: "v", mountPath: "/etc/../..a/v" }] };
        const pod = { spec: { containers: [container], volumes: [{ name: "v", emptyDir: {} }] } };
        expect(await resolveVolumes(pod, [container], SOURCES)).toEqual(new Map([["v", []]]));
    });

    const path = "a/../../cron.d/x";
    const ca = { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path }] };
    const tls = { items: [{ key: "tls.crt", path }] };
    const downwardAPI = { items: [{ path, fieldRef: { fieldPath: "metadata.name" } }] };
    it.each<Omit<V1Volume, "name">>([
        { configMap: ca },
        { secret: { secretName: "tls", ...tls } },
        { downwardAPI },
        { projected: { sources: [{ configMap: ca }] } },
        { projected: { sources: [{ secret: { name: "tls", ...tls } }] } },
        { projected: { sources: [{ downwardAPI }] } },
        { projected: { sources: [{ serviceAccountToken: { path } }] } },
    ])("refuses a file of a volume outside of it: %j", async (volume) => {
        await expect(resolve({ name: "v", ...volume })).rejects.toThrow(
            'volume "v" has a file at "a/../../cron.d/x", which leads out of it: leave ".." out of the path',
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
            ["v", ["top", "sub/file"].map((path) => ({ path, content, mode: 0o600 }))],
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

    it("writes a directory of a volume where its subPath names one", async () => {
        const volumeMounts = [{ name: "v", mountPath: "/some", subPath: "sub/" }];
        await writeMounts(root, { name: "c", volumeMounts }, volumes("text"), owner);
        expect(readFileSync(join(root, "some/file"), "utf8")).toBe("text");
        expect(readdirSync(join(root, "some"))).toEqual(["file"]);
    });

    it.each([
        { mountPath: "/link" },
        { mountPath: "/link/deeper" },
        { mountPath: "/dir" },
        { mountPath: "/dir/../link" },
        { mountPath: "/link/file", subPath: "top" },
        { mountPath: "/chain" },
    ])("follows no link out of the root: %j", async (mount) => {
        const outside = mkdtempSync(join(tmpdir(), "outside-"));
        try {
            symlinkSync(outside, join(root, "link"));
            mkdirSync(join(root, "dir"));
            symlinkSync(outside, join(root, "dir/sub"));
            symlinkSync("link", join(root, "chain"));
            const written = writeMounts(
                root,
                { name: "c", volumeMounts: [{ name: "v", ...mount }] },
                volumes("x"),
                owner,
            );
            await expect(written).rejects.toThrow("is a link that leads out of it");
            expect(readdirSync(outside)).toEqual([]);
        } finally {
            rmSync(outside, { recursive: true });
        }
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
