import { describe, expect, it } from "vitest";
import { openCluster, UserError } from "@istio-on-pulumi/kube";
import { kubeconfigText, NODES, type Reply, serveApi, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { readNodeHosts } from "../../../cluster";

interface NodeFacts {
    ready?: string;
    deleted?: boolean;
    addresses?: Readonly<Record<string, string>>[];
}

const node = ({ ready = "True", deleted = false, addresses = [{ InternalIP: "192.0.2.1" }] }: NodeFacts = {}) => ({
    metadata: { name: "n", ...(deleted && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
    status: {
        conditions: [
            { type: "MemoryPressure", status: "False" },
            { type: "Ready", status: ready },
        ],
        addresses: addresses.flatMap(Object.entries).map(([type, address]: [string, string]) => ({ type, address })),
    },
});

async function ask(reply: Reply, configured?: string, pageSize = Infinity) {
    const api = await serveApi({ [NODES]: reply });
    api.pageSize = pageSize;
    const client = await openCluster(
        { kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) },
        { ways: { kubeconfig: "", context: "" }, rights: "", timeLimit: 5000 },
    );
    const [result] = await Promise.allSettled([readNodeHosts(client, configured)]);
    return { result, api, where: client.where };
}

const hosts = async (...nodes: NodeFacts[]) => (await ask({ items: nodes.map(node) })).result;
const found = (value: object) => ({ status: "fulfilled", value });

describe("the host of node ports", () => {
    it("is the configured one, and no node is read", async () => {
        const { result, api } = await ask({ items: [node()] }, "node.example.com");
        expect(result).toEqual(found({ IPv4: "node.example.com", IPv6: "node.example.com" }));
        expect(api.asked).toEqual([]);
    });

    it("is a node that is ready and stays", async () => {
        const gone = { deleted: true, addresses: [{ InternalIP: "192.0.2.9" }] };
        const down = { ready: "False", addresses: [{ InternalIP: "192.0.2.8" }] };
        const lost = { ready: "Unknown", addresses: [{ InternalIP: "192.0.2.7" }] };
        const nameless = { addresses: [{ Hostname: "a" }] };
        expect(await hosts(gone, down, lost, nameless, {})).toEqual(found({ IPv4: "192.0.2.1", IPv6: undefined }));
    });

    it("has the address that is meant for users outside, of each family", async () => {
        const addresses: NodeFacts["addresses"] = [
            { InternalIP: "10.0.0.1" },
            { Hostname: "a" },
            { InternalIP: "fd00::1" },
            { ExternalIP: "203.0.113.1" },
        ];
        expect(await hosts({ addresses })).toEqual(found({ IPv4: "203.0.113.1", IPv6: "fd00::1" }));
        expect(await hosts({ addresses: [{ InternalIP: "fd00::1" }] })).toEqual(
            found({ IPv4: undefined, IPv6: "fd00::1" }),
        );
    });

    it("costs as much in a large cluster as in a small one: nodes are read until one will do", async () => {
        const many = Array.from({ length: 1000 }, (_, index) => node(index < 25 ? { ready: "False" } : {}));
        const { result, api } = await ask({ items: many }, undefined, 20);
        expect(result).toMatchObject({ status: "fulfilled" });
        expect(api.queries).toEqual([{ limit: "20" }, { limit: "20", continue: "20" }]);
    });

    it.each([
        ["no node is ready", { items: [node({ ready: "False" })] }],
        ["there is none", { items: [] }],
        ["nodes may not be read", { status: 403 }],
    ])("must be configured where %s", async (_, reply) => {
        const { result, where } = await ask(reply);
        expect(result).toMatchObject({
            status: "rejected",
            reason: new UserError(
                `${where} shows this user no ready node with an address, so node ports have no URL; ` +
                    "name a host with: pulumi config set --path cluster.nodeHost <host>",
            ),
        });
    });
});
