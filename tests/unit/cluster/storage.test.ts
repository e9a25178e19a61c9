import { describe, expect, it } from "vitest";
import { openCluster, UserError } from "@istio-on-pulumi/kube";
import { kubeconfigText, serveApi, STORAGE_CLASSES, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { lacksVolume, LOKI_VOLUME } from "../../../cluster";

const CLAIM = "/api/v1/namespaces/istio-system/persistentvolumeclaims/storage-loki-0";

interface Classes {
    [name: string]: { isDefault?: boolean; expands?: boolean };
}

const classList = (classes: Classes) => ({
    items: Object.entries(classes).map(([name, { isDefault = false, expands }]) => ({
        metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } },
        allowVolumeExpansion: expands,
    })),
});

const claim = (size: string, { className = "fast", volumeName = "pvc-1", capacity = size } = {}) => ({
    body: {
        spec: {
            storageClassName: className || undefined,
            volumeName: volumeName || undefined,
            resources: { requests: { storage: size } },
        },
        status: volumeName ? { phase: "Bound", capacity: { storage: capacity } } : { phase: "Pending" },
    },
});

interface Cluster {
    claim?: ReturnType<typeof claim>;
    classes?: Classes | 403;
}

/** What the survey says of a cluster for these settings, and which paths it asked for. */
async function survey(held: Cluster, settings: { enabled?: boolean; storageClass?: string; storageSize?: string }) {
    const classes = held.classes === 403 ? { status: 403 } : classList(held.classes ?? {});
    const api = await serveApi({ ...(held.claim && { [CLAIM]: held.claim }), [STORAGE_CLASSES]: classes });
    const client = await openCluster(
        { kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) },
        { ways: { kubeconfig: "", context: "" }, rights: "", timeLimit: 5000 },
    );
    const wanted = { enabled: true, storageSize: "10Gi", ...settings };
    const [result] = await Promise.allSettled([lacksVolume(client, LOKI_VOLUME, wanted)]);
    return { result, asked: api.asked, where: client.where };
}

async function refusal(...args: Parameters<typeof survey>): Promise<string> {
    const { result, where } = await survey(...args);
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(UserError) as UserError });
    const { message } = (result as PromiseRejectedResult).reason as UserError;
    expect(message.startsWith(`${where} `)).toBe(true);
    return message.slice(where.length + 1);
}

async function accepted(...args: Parameters<typeof survey>) {
    const { result, asked } = await survey(...args);
    expect(result.status).toBe("fulfilled");
    return { lacks: (result as PromiseFulfilledResult<boolean>).value, asked };
}

describe("Loki's first volume", () => {
    const advice =
        "choose one with: pulumi config set --path addons.loki.storageClass <name>, " +
        "or leave Loki out with: pulumi config set --path addons.loki.enabled false";

    it.each([
        ["the default class", {}, { a: { isDefault: true } }],
        ["a class that exists", { storageClass: "a" }, { a: {}, b: {} }],
        ["the default class of a cluster that tells none", {}, 403],
        ["a class of a cluster that tells none", { storageClass: "a" }, 403],
    ] as const)("may be of %s", async (_, settings, classes) => {
        expect(await accepted({ classes }, settings)).toMatchObject({ lacks: true });
    });

    it.each([
        ["no class at all", {}, {}, "has no default StorageClass", "it has none at all"],
        ["no default class", {}, { a: {}, b: {} }, "has no default StorageClass", "allowed: a, b"],
        ["another class", { storageClass: "c" }, { a: { isDefault: true } }, 'has no StorageClass "c"', "allowed: a"],
    ])("is refused where there is %s", async (_, settings, classes, problem, allowed) => {
        const expected = `${problem} for the volume that Loki needs (${allowed}); ${advice}`;
        expect(await refusal({ classes }, settings)).toBe(expected);
        // A claim that waits for a volume is as good as none.
        expect(await refusal({ classes, claim: claim("10Gi", { className: "", volumeName: "" }) }, settings)).toBe(
            expected,
        );
    });

    it("is nobody's business where Loki is left out", async () => {
        expect(await accepted({}, { enabled: false })).toEqual({ lacks: false, asked: [] });
    });
});

describe("Loki's volume, once it is there", () => {
    const NEW =
        "for an empty volume remove Loki with its logs first: " +
        "pulumi config set --path addons.loki.enabled false, pulumi up, pulumi config rm --path addons.loki.enabled";
    const HELD = `holds Loki's logs in a volume of 10Gi and StorageClass "fast"`;

    it.each([{}, { storageClass: "fast" }, { storageSize: "10240Mi" }])(
        "needs no class any more while it stays as it is: %j",
        async (settings) => {
            expect(await accepted({ claim: claim("10Gi"), classes: {} }, settings)).toEqual({
                lacks: false,
                asked: [CLAIM],
            });
        },
    );

    it.each([{ fast: { expands: true } }, 403] as const)("grows where the class allows it: %j", async (classes) => {
        expect(await accepted({ claim: claim("10Gi"), classes }, { storageSize: "20Gi" })).toMatchObject({
            lacks: false,
        });
    });

    it.each<Classes>([{ fast: { expands: false } }, { fast: {} }, { other: { expands: true } }, {}])(
        "is kept where its class does not let it grow: %j",
        async (classes) => {
            expect(await refusal({ claim: claim("10Gi"), classes }, { storageSize: "20Gi" })).toBe(
                `${HELD}, which does not allow it to grow to 20Gi (allowVolumeExpansion); ` +
                    `keep it with: pulumi config set --path addons.loki.storageSize 10Gi; ${NEW}`,
            );
        },
    );

    it("never shrinks", async () => {
        const classes = { fast: { expands: true } };
        expect(await refusal({ claim: claim("10Gi"), classes }, { storageSize: "9.9Gi" })).toBe(
            `${HELD}, which cannot shrink to 9.9Gi; keep it with: pulumi config set --path addons.loki.storageSize 10Gi; ${NEW}`,
        );
    });

    it("may take a growth back that its storage could not give", async () => {
        const held = claim("500Gi", { capacity: "10Gi" });
        expect(await accepted({ claim: held }, { storageSize: "20Gi" })).toMatchObject({ lacks: false });
    });

    it("keeps its class", async () => {
        const classes = { slow: { isDefault: true, expands: true } };
        expect(await refusal({ claim: claim("10Gi"), classes }, { storageClass: "slow" })).toBe(
            `${HELD}, whose class cannot be changed to "slow"; ` +
                `keep it with: pulumi config set --path addons.loki.storageClass fast; ${NEW}`,
        );
        const without = claim("10Gi", { className: "" });
        expect(await refusal({ claim: without, classes }, { storageClass: "slow" })).toContain(
            "keep it with: pulumi config rm --path addons.loki.storageClass;",
        );
    });

    it.each([
        ["10737418240", "10Gi"],
        ["1Ti", "1024Gi"],
        ["2k", "2000"],
        ["1500m", "2"],
        ["9Gi", "10G"],
    ])("of %s becomes one of %s without shrinking", async (live, storageSize) => {
        const classes = { fast: { expands: true } };
        expect(await accepted({ claim: claim(live), classes }, { storageSize })).toMatchObject({ lacks: false });
    });

    it.each([
        ["10Gi", "10G"],
        ["1M", "999999"],
        ["2k", "1999"],
    ])("of %s would shrink to %s", async (live, storageSize) => {
        expect(await refusal({ claim: claim(live) }, { storageSize })).toContain("cannot shrink");
    });
});
