import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { expand, splitArguments } from "../../src/mesh/arguments";
import { inspectProxy } from "../../src/mesh/proxy";
import { pod } from "../../testing/cluster";
import { injected } from "../../testing/mesh";

const productpage = () => injected({ name: "productpage", ip: "10.244.0.1", labels: { app: "productpage" } });
const report = (change: (pod: V1Pod) => void = () => undefined) => {
    const changed = productpage();
    change(changed);
    return inspectProxy(changed)!;
};
const codes = (change: (pod: V1Pod) => void) =>
    report(change).findings.map(({ severity, code }) => `${severity} ${code}`);
const initArgs = (pod: V1Pod) => pod.spec!.initContainers![0]!.args!;
const proxy = (pod: V1Pod) => pod.spec!.containers[1]!;

describe("istio-init of the walkthrough's pod", () => {
    it("captures all but the proxy's own ports and user", () => {
        expect(report().capture).toMatchObject({
            container: "istio-init",
            image: "docker.io/istio/proxyv2:1.25.1",
            mode: "REDIRECT",
            inboundPort: "15006",
            outboundPort: "15001",
            user: "1337",
            runsAs: 0,
            inbound: {
                captured: ["*"],
                excluded: [
                    { port: "15090", meaning: "Envoy's metrics" },
                    { port: "15021", meaning: "health checks" },
                    { port: "15020", meaning: "merged metrics and the agent's health" },
                ],
            },
            outbound: { captured: ["*"], excludedAddresses: [], excludedPorts: [] },
            capabilities: { added: ["NET_ADMIN", "NET_RAW"], dropped: ["ALL"] },
        });
    });

    it("has each argument explained", () => {
        const { arguments: explained } = report().capture!;
        expect(explained.map(({ argument, value }) => [argument, value])).toEqual([
            ["-p", "15001"],
            ["-z", "15006"],
            ["-u", "1337"],
            ["-m", "REDIRECT"],
            ["-i", "*"],
            ["-x", ""],
            ["-b", "*"],
            ["-d", "15090,15021,15020"],
            ["--log_output_level", "default:info"],
        ]);
        expect(explained.filter(({ meaning }) => meaning === undefined)).toEqual([]);
    });

    it("may have its options by their long names", () => {
        const { capture } = report((changed) =>
            initArgs(changed).splice(1, 4, "--envoy-port=15101", "--inbound-capture-port", "15106", "--dual-stack"),
        );
        expect([
            capture!.outboundPort,
            capture!.inboundPort,
            capture!.arguments.find(({ argument }) => argument === "--dual-stack")?.value,
        ]).toEqual(["15101", "15106", undefined]);
    });
});

describe("istio-proxy of the walkthrough's pod", () => {
    it("has its domain, probes, mounts, user and environment", () => {
        const { proxy: found } = report();
        expect(found).toMatchObject({
            image: "docker.io/istio/proxyv2:1.25.1",
            domain: "shop.svc.cluster.local",
            runsAs: 1337,
            readOnlyRoot: true,
            ports: [{ port: 15_090, name: "http-envoy-prom" }],
        });
        expect(found.probes).toEqual([
            {
                kind: "readiness",
                what: "HTTP GET /healthz/ready on port 15021",
                when: "every 15 s, 3 s each, fails after 4",
            },
        ]);
        expect(found.mounts).toEqual([
            {
                path: "/var/run/secrets/tokens",
                volume: "istio-token",
                source: "token for istio-ca, 12 h",
                readOnly: false,
                meaning: "token that proves the pod's identity to istiod",
            },
        ]);
        expect(found.env).toContainEqual({
            name: "POD_NAMESPACE",
            value: "shop",
            from: "field metadata.namespace",
            meaning: "the pod's namespace, also in --domain",
        });
        expect(found.arguments.slice(0, 3)).toEqual([
            { argument: "proxy", meaning: "run the agent with Envoy" },
            { argument: "sidecar", meaning: "as a workload's sidecar" },
            {
                argument: "--domain",
                value: "$(POD_NAMESPACE).svc.cluster.local",
                meaning: expect.stringContaining("DNS domain") as string,
            },
        ]);
    });

    it("keeps secrets secret", () => {
        const { proxy: found } = report((changed) =>
            proxy(changed).env!.push(
                { name: "LIGHTSTEP_ACCESS_TOKEN", value: "s3cret" },
                { name: "DB", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
            ),
        );
        expect(found.env.slice(-2)).toEqual([
            { name: "LIGHTSTEP_ACCESS_TOKEN", value: "(hidden)" },
            { name: "DB", value: "", from: "secret db password" },
        ]);
    });

    it("mounts nothing that is not there", () => {
        expect(
            report((changed) => {
                changed.spec!.volumes = [];
            }).proxy.mounts[0]!.source,
        ).toBe("no such volume");
    });

    it("is none in a pod without a sidecar", () => {
        expect(inspectProxy(pod({ name: "plain" }))).toBeUndefined();
    });
});

describe("what is wrong with a proxy", () => {
    it("is nothing as it is injected", () => {
        expect(report().findings).toEqual([]);
    });

    it.each<[string, (pod: V1Pod) => void]>([
        [
            "problem proxy/no-capture",
            (changed) => {
                changed.spec!.initContainers = [];
            },
        ],
        [
            "problem proxy/capabilities",
            (changed) => {
                changed.spec!.initContainers![0]!.securityContext!.capabilities!.add = ["NET_ADMIN"];
            },
        ],
        [
            "problem proxy/user",
            (changed) => {
                proxy(changed).securityContext!.runAsUser = 1338;
            },
        ],
        [
            "problem proxy/captured-port",
            (changed) => {
                initArgs(changed).splice(-2, 1, "15090");
            },
        ],
        [
            "note proxy/uncaptured-port",
            (changed) => {
                initArgs(changed).splice(-2, 1, "15090,15021,15020,9080");
            },
        ],
        [
            "note proxy/uncaptured-port",
            (changed) => {
                initArgs(changed).splice(-4, 1, "8080");
            },
        ],
        [
            "note proxy/no-outbound",
            (changed) => {
                initArgs(changed).splice(10, 1, "");
            },
        ],
        [
            "note proxy/pod-ports",
            (changed) => {
                changed.spec!.containers[0]!.ports!.push({ containerPort: 9999 });
            },
        ],
        [
            "note proxy/pod-ports",
            (changed) => {
                proxy(changed).env!.find(({ name }) => name === "ISTIO_META_POD_PORTS")!.value = "{";
            },
        ],
    ])("can be %s", (code, change) => {
        expect(codes(change)).toEqual([code]);
    });

    it("is not what a gateway is: it captures nothing", () => {
        expect(
            codes((changed) => {
                proxy(changed).args![1] = "router";
                changed.spec!.initContainers = [];
            }),
        ).toEqual([]);
    });

    it("is said in one sentence", () => {
        expect(
            report((changed) => {
                proxy(changed).securityContext!.runAsUser = 1338;
            }).findings[0]!.message,
        ).toBe(
            "istio-init of shop/productpage leaves the user 1337 alone, but istio-proxy runs as 1338, so the " +
                "proxy's own connections are captured again and again; set both to the same user.",
        );
    });
});

describe("arguments", () => {
    it("are split into options and values", () => {
        expect(
            splitArguments(["run", "--a=1=2", "-b", "x", "-c", "--d", "-x", ""], (option) => option === "-c"),
        ).toEqual([
            { argument: "run" },
            { argument: "--a", value: "1=2" },
            { argument: "-b", value: "x" },
            { argument: "-c" },
            { argument: "--d" },
            { argument: "-x", value: "" },
        ]);
        expect(splitArguments(["-p", "-1"], () => false)).toEqual([{ argument: "-p", value: "-1" }]);
    });

    it("have variables replaced as the kubelet does", () => {
        expect(expand("$(A).$(B).$$(A)", { A: "x", B: undefined })).toBe("x.$(B).$(A)");
    });
});
