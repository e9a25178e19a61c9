import { describe, expect, it, vi } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import {
    crd,
    crdPath,
    kubeconfigText,
    NODES,
    nodes,
    type Reply,
    serveApi,
    STORAGE_CLASSES,
    storageClasses,
    VERSION,
    writeKubeconfig,
} from "@istio-on-pulumi/kube/testing";
import { surveyCluster } from "../../../cluster";

const GATEWAYS = "gateways.gateway.networking.k8s.io";
const ROUTES = "httproutes.gateway.networking.k8s.io";

async function survey(replies: Readonly<Record<string, Reply>> = {}, crdNames: string[] = []) {
    const api = await serveApi(replies);
    const kubeconfig = writeKubeconfig(kubeconfigText({ prod: api.url }));
    return { api, result: surveyCluster({ kubeconfig }, crdNames) };
}

describe("surveyCluster", () => {
    it("tells version and context of an empty cluster, and asks it as the context's user", async () => {
        const { api, result } = await survey();
        expect(await result).toEqual({
            context: "prod",
            kubernetesVersion: "v1.33.1",
            crds: [],
            nodeAddress: undefined,
            storageClasses: { names: [], hasDefault: false },
        });
        expect(api.headers.authorization).toBe("Bearer token-of-prod");
        expect(api.asked.toSorted()).toEqual([NODES, STORAGE_CLASSES, VERSION]);
    });

    it("looks at the context that is named, not at the current one", async () => {
        const [current, named] = [await serveApi(), await serveApi()];
        const kubeconfig = writeKubeconfig(kubeconfigText({ current: current.url, named: named.url }));
        expect((await surveyCluster({ kubeconfig, context: "named" }, [])).context).toBe("named");
        expect(current.asked).toEqual([]);
        expect(named.headers.authorization).toBe("Bearer token-of-named");
    });

    it("tells those CRDs that exist, with the versions that are served and their annotations", async () => {
        const replies = {
            [crdPath(GATEWAYS)]: crd(
                GATEWAYS,
                { v1: true, v1beta1: true, v1alpha2: false },
                { "istio-on-pulumi/installed-by": "a/b/c" },
            ),
            [crdPath(ROUTES)]: crd(ROUTES, { v1beta1: true }),
        };
        const { result } = await survey(replies, [GATEWAYS, "grpcroutes.gateway.networking.k8s.io", ROUTES]);
        expect((await result).crds).toEqual([
            { name: GATEWAYS, served: ["v1", "v1beta1"], annotations: { "istio-on-pulumi/installed-by": "a/b/c" } },
            { name: ROUTES, served: ["v1beta1"], annotations: {} },
        ]);
    });

    it("leaves no timer behind, which would hold the program back", async () => {
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
        try {
            const { result } = await survey({}, [GATEWAYS]);
            await result;
            expect(vi.getTimerCount()).toBe(0);
        } finally {
            vi.useRealTimers();
        }
    });
});

describe("the node address", () => {
    it.each([
        [
            "the InternalIP of the only node",
            nodes(["a", ["Hostname", "a.local"], ["ExternalIP", "203.0.113.1"], ["InternalIP", "192.0.2.1"]]),
            "192.0.2.1",
        ],
        [
            "that of the first node by name",
            nodes(["b", ["InternalIP", "192.0.2.2"]], ["a", ["InternalIP", "192.0.2.1"]]),
            "192.0.2.1",
        ],
        [
            "that of the next node where the first has none",
            nodes(["a", ["Hostname", "a"]], ["b", ["InternalIP", "192.0.2.2"]]),
            "192.0.2.2",
        ],
        ["an IPv6 address", nodes(["a", ["InternalIP", "2001:db8::1"]]), "2001:db8::1"],
        ["unknown where no node has one", nodes(["a", ["ExternalIP", "203.0.113.1"]]), undefined],
        ["unknown where nodes may not be listed", { status: 403 }, undefined],
    ])("is %s", async (_, reply, address) => {
        const { result } = await survey({ [NODES]: reply });
        expect((await result).nodeAddress).toBe(address);
    });
});

describe("the storage classes", () => {
    it.each([
        [
            "one of them the default",
            storageClasses({ slow: undefined, fast: "true" }),
            { names: ["slow", "fast"], hasDefault: true },
        ],
        [
            "none the default",
            storageClasses({ slow: undefined, fast: "false" }),
            { names: ["slow", "fast"], hasDefault: false },
        ],
        ["unknown where they may not be listed", { status: 403 }, undefined],
    ])("are told, %s", async (_, reply, expected) => {
        const { result } = await survey({ [STORAGE_CLASSES]: reply });
        expect((await result).storageClasses).toEqual(expected);
    });
});

describe("a cluster that cannot be surveyed", () => {
    const refused = (url: string, status: number) =>
        new UserError(
            `The cluster of context "prod" (${url}) refuses this user (HTTP ${status}); ` +
                "use a kubeconfig whose user may administer the cluster, with: pulumi config set kubeconfig <path>",
        );
    const WHAT_TO_DO =
        "check that it runs and that this machine reaches it, or name another with: pulumi config set context <name>";
    const unreachable = (url: string, reason: string) =>
        new UserError(`The cluster of context "prod" (${url}) cannot be reached: ${reason}; ${WHAT_TO_DO}`);

    it.each([
        [VERSION, 401],
        [VERSION, 403],
        [NODES, 401],
        [STORAGE_CLASSES, 401],
        [crdPath(GATEWAYS), 401],
        [crdPath(GATEWAYS), 403],
    ])("refuses the user at %s with HTTP %i", async (path, status) => {
        const { api, result } = await survey({ [path]: { status } }, [GATEWAYS]);
        await expect(result).rejects.toThrow(refused(api.url, status));
    });

    it.each([
        [VERSION, 500],
        [VERSION, 404],
        [NODES, 503],
        [STORAGE_CLASSES, 500],
        [crdPath(GATEWAYS), 500],
    ])("fails at %s with HTTP %i", async (path, status) => {
        const { api, result } = await survey({ [path]: { status } }, [GATEWAYS]);
        await expect(result).rejects.toThrow(unreachable(api.url, `HTTP ${status}`));
    });

    it("is asked one question only where it does not answer the first", async () => {
        const { api, result } = await survey({ [VERSION]: { status: 500 } }, [GATEWAYS, ROUTES]);
        await expect(result).rejects.toThrow(UserError);
        expect(api.asked).toEqual([VERSION]);
    });

    it("refuses the connection", async () => {
        const api = await serveApi();
        const port = Number(new URL(api.url).port);
        const closed = `http://127.0.0.1:${port === 1 ? 2 : 1}`;
        const result = surveyCluster({ kubeconfig: writeKubeconfig(kubeconfigText({ prod: closed })) }, []);
        await expect(result).rejects.toThrow(
            /^The cluster of context "prod" \(.*:1\) cannot be reached: .*ECONNREFUSED 127\.0\.0\.1:1; check/,
        );
    });

    it("speaks no TLS where the kubeconfig says so: the reason is one line", async () => {
        const { url } = await serveApi();
        const https = url.replace("http:", "https:");
        const failed = await surveyCluster({ kubeconfig: writeKubeconfig(kubeconfigText({ prod: https })) }, []).catch(
            (error: unknown) => error as Error,
        );
        expect(failed).toBeInstanceOf(UserError);
        const { message } = failed as Error;
        expect(message).toMatch(
            /^The cluster of context "prod" \(https:\/\/127\.0\.0\.1:\d+\) cannot be reached: .+; check/,
        );
        expect(message.endsWith(`; ${WHAT_TO_DO}`)).toBe(true);
        expect(message).not.toContain("\n");
    });

    it.each([VERSION, NODES, STORAGE_CLASSES, crdPath(GATEWAYS)])(
        "is silent at %s: it is waited for 15 seconds",
        async (path) => {
            const api = await serveApi({ [path]: "silence" });
            const kubeconfig = writeKubeconfig(kubeconfigText({ prod: api.url }));
            vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
            try {
                const settled = vi.fn();
                const result = surveyCluster({ kubeconfig }, [GATEWAYS]);
                void result.catch(settled);
                while (!api.asked.includes(path)) {
                    await api.nextRequest();
                }
                await vi.advanceTimersByTimeAsync(14_999);
                expect(settled).not.toHaveBeenCalled();
                await vi.advanceTimersByTimeAsync(1);
                await expect(result).rejects.toThrow(unreachable(api.url, "no answer in 15 s"));
            } finally {
                vi.useRealTimers();
            }
        },
    );
});
