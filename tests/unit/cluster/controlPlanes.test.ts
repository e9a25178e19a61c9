import { describe, expect, it } from "vitest";
import type { ObjectMetadata } from "@istio-on-pulumi/kube";
import { checkControlPlanes, STACK_LABEL } from "../../../cluster";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/istio-system/deployments";
const PODS = "/api/v1/pods";

/** An istiod of the stack's, or of another's. */
const istiod = (revision: string, version: string, stack = "ours"): ObjectMetadata => ({
    name: `istiod-${revision}`,
    uid: revision,
    labels: { [STACK_LABEL]: stack, "istio.io/rev": revision, "app.kubernetes.io/version": version },
});
const pod = (namespace: string, revision: string, further: Partial<ObjectMetadata> = {}): ObjectMetadata => ({
    name: "p",
    uid: "p",
    namespace,
    annotations: { "istio.io/rev": revision },
    ...further,
});

const check = (
    istiods: readonly ObjectMetadata[],
    wanted: Readonly<Record<string, string>>,
    pods: readonly ObjectMetadata[] = [],
    stack: string | null = "ours",
) => {
    const lists: Record<string, readonly ObjectMetadata[]> = { [DEPLOYMENTS]: istiods, [PODS]: pods };
    const client = { where: "The cluster x", listMetadata: (path: string) => Promise.resolve(lists[path]) };
    return checkControlPlanes({ client } as never, stack ?? undefined, wanted);
};

describe("a change of a control plane's version in place", () => {
    it.each([
        ["1.25.1", "1.25.3"],
        ["1.25.3", "1.26.0"],
        ["1.25.3", "1.25.1"],
        ["an-own-one", "1.26.0"],
    ])("from %s to %s is none to refuse", async (from, to) => {
        await expect(check([istiod("default", from)], { default: to })).resolves.toBeUndefined();
    });

    it("is refused over a minor version", async () => {
        await expect(check([istiod("default", "1.24.6")], { default: "1.26.0" })).rejects.toThrow(
            "The cluster x has the control plane at Istio 1.24.6, and Istio's upgrades go one minor version at a time: " +
                "1.25 comes before 1.26.0",
        );
    });

    it("is refused back to an older minor version, of a revision too", async () => {
        await expect(check([istiod("canary", "1.26.0")], { canary: "1.25.3" })).rejects.toThrow(
            "The cluster x has the control plane of revision canary at Istio 1.26.0, and going back in place to 1.25.3",
        );
    });

    it("is nothing of another stack's, and nothing before the first update", async () => {
        await expect(check([istiod("default", "1.20.0", "theirs")], { default: "1.26.0" })).resolves.toBeUndefined();
        await expect(check([istiod("default", "1.20.0")], { default: "1.26.0" }, [], null)).resolves.toBeUndefined();
    });
});

describe("a control plane that is to be removed", () => {
    const both = [istiod("default", "1.25.3"), istiod("1-26-0", "1.26.0")];
    const only = { "1-26-0": "1.26.0" };

    it("may go where no proxy uses it", async () => {
        const gone = pod("shop", "default", { deletionTimestamp: "2026-01-01T00:00:00Z" });
        await expect(check(both, only, [pod("shop", "1-26-0"), gone])).resolves.toBeUndefined();
    });

    it("stays while proxies use it, which are counted and named by their namespaces", async () => {
        const pods = [pod("shop", "default"), pod("books", "default"), pod("books", "1-26-0")];
        await expect(check(both, only, pods)).rejects.toThrow(
            "The cluster x has 2 proxies of the control plane without a revision, which is to be removed, in the " +
                "namespaces books, shop; move them first",
        );
    });

    it("is known by the label, or by nothing, where a pod has no annotation", async () => {
        const labelled = pod("a", "", { annotations: {}, labels: { "istio.io/rev": "1-26-0" } });
        const plain = pod("b", "", { annotations: {} });
        await expect(check(both, { default: "1.25.3" }, [labelled])).rejects.toThrow("1 proxy of the control plane of");
        await expect(check(both, only, [plain])).rejects.toThrow("1 proxy of the control plane without a revision");
    });
});
