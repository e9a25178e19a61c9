import { describe, expect, it } from "vitest";
import { grownTo, isLeftOver, volumeFor, wantsVolume } from "../../src/control-plane/volumes";

const PROVISIONER = "istio-on-pulumi/lab-volumes";
const claim = (provisioner: string, spec: object = {}, metadata: object = {}) => ({
    metadata: {
        name: "storage-loki-0",
        namespace: "istio-system",
        uid: "u1",
        annotations: { "volume.kubernetes.io/storage-provisioner": provisioner },
        ...metadata,
    },
    spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "10Gi" } },
        storageClassName: "standard",
        volumeMode: "Filesystem",
        ...spec,
    },
});

describe("wantsVolume", () => {
    it("is for claims that ask the lab's provisioner and have no volume", () => {
        expect(wantsVolume(claim(PROVISIONER))).toBe(true);
        expect(wantsVolume(claim("other.example/disks"))).toBe(false);
        expect(wantsVolume(claim(PROVISIONER, { volumeName: "pv" }))).toBe(false);
        expect(wantsVolume(claim(PROVISIONER, {}, { deletionTimestamp: new Date() }))).toBe(false);
        expect(wantsVolume({ metadata: { name: "c" } })).toBe(false);
    });
});

describe("volumeFor", () => {
    it("is bound to the very claim, so that no other claim takes it, and goes with it", () => {
        const volume = volumeFor(claim(PROVISIONER), "/state/volumes");
        expect(volume.metadata).toEqual({
            name: "pvc-u1",
            annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER },
        });
        expect(volume.spec).toMatchObject({
            capacity: { storage: "10Gi" },
            accessModes: ["ReadWriteOnce"],
            persistentVolumeReclaimPolicy: "Delete",
            storageClassName: "standard",
            claimRef: { namespace: "istio-system", name: "storage-loki-0", uid: "u1" },
            hostPath: { path: "/state/volumes/pvc-u1" },
        });
    });
});

describe("grownTo", () => {
    const bound = (capacity: string, provisioner = PROVISIONER, metadata = {}) => ({
        ...claim(provisioner, { volumeName: "pvc-u1" }, metadata),
        status: { phase: "Bound", capacity: { storage: capacity } },
    });

    it("is the size that a bound claim of the lab asks for beyond its volume's", () => {
        expect(grownTo(bound("5Gi"))).toBe("10Gi");
        expect(grownTo(bound("10Gi"))).toBeUndefined();
        expect(grownTo(bound("5Gi", "other.example/disks"))).toBeUndefined();
        expect(grownTo({ ...bound("5Gi"), status: { phase: "Pending" } })).toBeUndefined();
        expect(grownTo(bound("5Gi", PROVISIONER, { deletionTimestamp: new Date() }))).toBeUndefined();
    });
});

describe("isLeftOver", () => {
    const released = {
        metadata: { annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } },
        spec: { persistentVolumeReclaimPolicy: "Delete" },
        status: { phase: "Released" },
    };

    it("is a released volume that the lab made", () => {
        expect(isLeftOver(released)).toBe(true);
        expect(isLeftOver({ ...released, status: { phase: "Bound" } })).toBe(false);
        expect(isLeftOver({ ...released, spec: { persistentVolumeReclaimPolicy: "Retain" } })).toBe(false);
        expect(isLeftOver({ ...released, metadata: { annotations: {} } })).toBe(false);
    });
});
