import { describe, expect, it } from "vitest";
import { type Asker, checkEndpoints, type DescribedEndpoint, parseOutputs } from "../../src/endpoints";
import { node, service, slice } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";
import { pattern } from "../../testing/pattern";

const productpage: DescribedEndpoint = {
    name: "productpage",
    service: "productpage",
    namespace: "shop",
    type: "ClusterIP",
    ports: [{ name: "http", port: 9080 }],
};
const answers: Asker = () => Promise.resolve({ state: "answers", text: "HTTP 200" });
const check = (
    over: Partial<DescribedEndpoint> = {},
    change: Partial<ReturnType<typeof mesh>> = {},
    ask: Asker = answers,
) => checkEndpoints([{ ...productpage, ...over }], { ...mesh(), ...change }, ask);
const messages = async (...args: Parameters<typeof check>) =>
    (await check(...args)).findings.map(({ message }) => message);

describe("the outputs of a stack", () => {
    const text = JSON.stringify({
        productpageUrl: "http://10.0.0.1:30080/productpage",
        endpoints: {
            productpage: { service: "productpage", namespace: "shop", ports: [{ name: "http", port: 9080 }] },
        },
    });

    it("are read whole, or as the output endpoints alone", () => {
        const read = [
            { name: "productpage", service: "productpage", namespace: "shop", ports: [{ name: "http", port: 9080 }] },
        ];
        expect(parseOutputs(text, "The file x")).toEqual(read);
        expect(
            parseOutputs(JSON.stringify((JSON.parse(text) as { endpoints: object }).endpoints), "The file x"),
        ).toEqual(read);
        expect(parseOutputs("{}", "The file x")).toEqual([]);
    });

    it.each([
        ["nonsense", "The file x holds no JSON; write the stack's outputs with: pulumi stack output --json"],
        [
            '{"endpoints":{"kiali":{"service":"kiali"}}}',
            pattern(
                /^The file x does not describe endpoints as the stack's output "endpoints" does \(at /,
                /kiali\.namespace: .*\); write it with: pulumi stack output --json$/,
            ),
        ],
        ["[]", /^The file x does not describe endpoints/],
        [
            '{"endpoints":{"kiali":{"service":"kiali","namespace":"x","ports":[{"port":"http"}]}}}',
            /at kiali\.ports\.0\.port/,
        ],
    ])("%s are refused", (broken, message) => {
        expect(() => parseOutputs(broken, "The file x")).toThrow(message);
    });
});

describe("an endpoint", () => {
    it("whose Service is there, ready and answers has no findings", async () => {
        expect(await check()).toEqual({
            findings: [],
            endpoints: [
                {
                    name: "productpage",
                    namespace: "shop",
                    service: "productpage",
                    type: "ClusterIP",
                    address: undefined,
                    exists: true,
                    ports: [
                        {
                            name: "http",
                            port: 9080,
                            exists: true,
                            ready: 1,
                            answer: { state: "answers", text: "HTTP 200" },
                        },
                    ],
                },
            ],
        });
    });

    it("counts the ready addresses of both families", async () => {
        const { endpointSlices } = mesh();
        const { endpoints } = await check(
            {},
            {
                endpointSlices: [
                    ...endpointSlices,
                    slice({ service: "productpage", family: "IPv6", endpoints: [{ address: "fd00::1" }] }),
                ],
            },
        );
        expect(endpoints[0]!.ports[0]!.ready).toBe(2);
    });

    it.each<[string, Parameters<typeof check>]>([
        [
            "The endpoint productpage names the Service shop/gone, which does not exist; run the stack's update again.",
            [{ service: "gone" }],
        ],
        [
            "The endpoint productpage says that the Service shop/productpage is of type NodePort, but it is " +
                "ClusterIP; refresh the stack.",
            [{ type: "NodePort" }],
        ],
        [
            "The endpoint productpage names port http (80), which the Service shop/productpage does not have (it " +
                "has: http 9080); refresh the stack.",
            [{ ports: [{ name: "http", port: 80 }] }],
        ],
        [
            "The endpoint productpage names port grpc (9080), which the Service shop/productpage does not have " +
                "(it has: http 9080); refresh the stack.",
            [{ ports: [{ name: "grpc", port: 9080 }] }],
        ],
        [
            "The endpoint productpage says that port 9080 of shop/productpage has node port 30080, but it has no " +
                "node port; refresh the stack.",
            [{ ports: [{ name: "http", port: 9080, nodePort: 30_080 }] }],
        ],
        [
            "The endpoint productpage has no ready address at port 9080 of shop/productpage; see: kubectl -n " +
                "shop get pods,endpointslices",
            [{}, { endpointSlices: [] }],
        ],
        [
            "The endpoint productpage does not answer at port 9080 of shop/productpage: HTTP 503; see the log of " +
                "the pods behind it.",
            [{}, {}, () => Promise.resolve({ state: "fails", text: "HTTP 503" })],
        ],
    ])("%s", async (message, args) => {
        expect(await messages(...args)).toEqual([message]);
    });

    it("is asked by its URL, its cluster IP and whether containers run behind it", async () => {
        const asked: Parameters<Asker>[0][] = [];
        const ask: Asker = (question) => {
            asked.push(question);
            return answers(question);
        };
        const url = "http://10.0.0.1:30080/";
        await check(
            { type: "NodePort", ports: [{ name: "http", port: 9080, nodePort: 30_080, url }] },
            { services: [service({ name: "productpage", ports: [{ name: "http", port: 9080, nodePort: 30_080 }] })] },
            ask,
        );
        const nodes = [node(undefined, { "kwok.x-k8s.io/node": "fake" })];
        await check({}, { nodes }, ask);
        // A process of the lab on a node of kwok's.
        const pods = mesh().pods.map((pod) => ({
            ...pod,
            status: {
                ...pod.status,
                containerStatuses: pod.status?.containerStatuses?.map((status) => ({
                    ...status,
                    containerID: "lab://7",
                })),
            },
        }));
        await check({}, { nodes, pods }, ask);
        expect(asked.map((question) => [question.url, question.clusterIP, question.dataPlane])).toEqual([
            [url, "10.96.0.10", true],
            [undefined, "10.96.0.11", false],
            [undefined, "10.96.0.11", true],
        ]);
    });

    it("is not asked where nothing is ready", async () => {
        const never: Asker = () => {
            throw new Error("asked");
        };
        expect((await check({}, { endpointSlices: [] }, never)).endpoints[0]!.ports[0]!.answer).toEqual({
            state: "not asked",
            text: "nothing is ready",
        });
    });
});
