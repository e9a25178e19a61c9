import { describe, expect, it } from "vitest";
import { PodAddresses, podNetns } from "../../src/pods/network";

describe("PodAddresses", () => {
    it("keeps apart from kwok's half of the pod network, and reuses an address as late as possible", () => {
        const addresses = new PodAddresses();
        const first = addresses.take();
        expect(first).toBe("10.244.128.1");
        addresses.giveBack(first);
        expect(addresses.take()).toBe("10.244.128.2");
    });

    it("keeps the address that a pod has, once, and only one of its own", () => {
        const addresses = new PodAddresses();
        expect(addresses.keep("10.244.128.1")).toBe(true);
        expect(addresses.keep("10.244.128.1")).toBe(false);
        expect(addresses.keep("10.244.0.7")).toBe(false);
        expect(addresses.keep("10.245.128.1")).toBe(false);
        expect(addresses.keep("10.244.128.255")).toBe(false);
        expect(addresses.take()).toBe("10.244.128.2");
    });

    it("goes on with the next third byte", () => {
        const addresses = new PodAddresses();
        const taken = Array.from({ length: 255 }, () => addresses.take());
        expect(taken[253]).toBe("10.244.128.254");
        expect(taken[254]).toBe("10.244.129.1");
    });
});

it("names a pod's namespace by its UID, so that no other lab's name can be a prefix of it", () => {
    expect(podNetns("istio-lab", "9b8ece7f-17bc-4597-b77e-ab6162389a1c")).toBe("istio-lab.pod-9b8ece7f-17bc");
});
