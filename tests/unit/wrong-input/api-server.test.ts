import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { KUBE_SYSTEM, type Reply, VERSION } from "@istio-on-pulumi/kube/testing";
import { type Run, tryProgram } from "../../support/program";
import { expectSentence } from "../../support/sentence";

/** Settings with which the program looks at all that it ever looks at, in namespaces that are there. */
const WIDE = {
    "namespaces.existing": ["istio-system", "istio-sample"],
    "gateway.serviceType": "LoadBalancer",
    "gateway.nodePort": 8080,
    "addons.prometheus.storageSize": "1Gi",
    "mtls.mode": "STRICT",
    "bookinfo.networkPolicies": "true",
};
const namespace = (name: string): Reply => ({ body: { metadata: { name, uid: name } } });
const THERE: Readonly<Record<string, Reply>> = {
    "/api/v1/namespaces/istio-system": namespace("istio-system"),
    "/api/v1/namespaces/istio-sample": namespace("istio-sample"),
    "/api/v1/namespaces/istio-sample/services": { items: [] },
    "/api/v1/namespaces/istio-sample/pods": { body: {} },
    "/api/v1/namespaces/istio-system/pods": { body: {} },
    "/api/v1/services": { items: [] },
    "/apis/metallb.io/v1beta1/ipaddresspools": { items: [{}] },
    "/api/v1/namespaces/kube-system/pods": {
        items: [{ spec: { containers: [{ command: ["kube-apiserver", "--service-node-port-range=8000-9000"] }] } }],
    },
};
const run = (replies: Readonly<Record<string, Reply>> = {}, delay = 0) =>
    tryProgram(WIDE, { replies: { ...THERE, ...replies }, delay });

/** It ended by a sentence about the cluster, and before anything of the stack was made. */
function expectRefusal({ failure, recording }: Run, ...holds: (string | RegExp)[]): void {
    expect(pulumi.RunError.isInstance(failure)).toBe(true);
    expectSentence(failure, /^The cluster of context "prod" \(http:\/\/127\.0\.0\.1:\d+\) /, ...holds);
    expect(recording.objects).toEqual([]);
}

/**
 * Runs the program once for each path that it asks for, with this reply there, and holds each failure against what a
 * sentence must be.
 *
 * @returns the paths without which it went on
 */
async function sweep(reply: Reply, said: string): Promise<string[]> {
    const healthy = await run();
    expect(healthy.failure).toBeUndefined();
    const paths = [...new Set(healthy.asked)];
    expect(paths.length).toBeGreaterThan(30);
    const wentOn: string[] = [];
    for (const path of paths) {
        const result = await run({ [path]: reply });
        if (result.failure === undefined) wentOn.push(path);
        else expectRefusal(result, ...(TOLD_OTHERWISE[path] ?? [said, path]));
    }
    return wentOn.sort();
}

/** What is told where neither the path nor what the API server says is what matters. */
const TOLD_OTHERWISE: Readonly<Record<string, RegExp[]>> = {
    "/api/v1/namespaces/kube-system/pods": [/node port 8080 cannot be had: .* as far as|etcdserver: timeout/],
    "/api/v1/nodes": [/shows this user no ready node|to GET \/api\/v1\/nodes: etcdserver: timeout/],
    "/api/v1/namespaces/istio-sample/pods": [/refuses pods with a sidecar in namespace istio-sample: forbidden/],
    "/api/v1/namespaces/istio-system/pods": [/refuses istiod's pods in namespace istio-system: forbidden/],
};

/** What is asked by trying, where nothing but a refusal that says why is an answer. */
const TRIED = ["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"];
const PODS = ["/api/v1/namespaces/istio-sample/pods", "/api/v1/namespaces/istio-system/pods"];

/** What is known only where a user may see it; not known is not held against the cluster. */
const MAY_BE_REFUSED = [
    "/api/v1/namespaces/kube-system/configmaps/coredns",
    "/api/v1/namespaces/kube-system/configmaps/rke2-coredns-rke2-coredns",
    "/apis/metallb.io/v1beta1/ipaddresspools",
    "/apis/cilium.io/v2/ciliumloadbalancerippools",
    "/apis/cilium.io/v2alpha1/ciliumloadbalancerippools",
    "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/plndr-svcs-lock",
    "/apis/purelb.io/v1/servicegroups",
    "/apis/purelb.io/v2/servicegroups",
    "/apis/network.openelb.io/v1alpha2/eips",
    "/api/v1/services",
    "/apis/storage.k8s.io/v1/storageclasses",
];

describe("an API server that", () => {
    it("refuses this user one of the things that are read is told by that, for each", async () => {
        expect(await sweep({ status: 403, message: "forbidden: cannot list it" }, "forbidden")).toEqual(
            [...MAY_BE_REFUSED, ...TRIED].sort(),
        );
    });
    it("fails at one of the things that are read is told by that, for each", async () => {
        expect(await sweep({ status: 500, message: "etcdserver: timeout" }, "etcdserver: timeout")).toEqual(
            [...PODS, ...TRIED].sort(),
        );
    });

    it.each<[string, Reply, RegExp]>([
        [
            "does not know the user",
            { status: 401, message: "Unauthorized" },
            /refuses this user \(HTTP 401 .*Unauthorized/,
        ],
        [
            "is too busy",
            { status: 429, message: "too many requests" },
            /is too busy \(HTTP 429 to .*too many requests\)/,
        ],
        [
            "is not ready",
            { status: 503, message: "apiserver not ready" },
            /fails \(HTTP 503 to .*not ready\); try again/,
        ],
        ["is behind a gateway that fails", { status: 502 }, /fails \(HTTP 502 to /],
        ["ends the connection", "drop", /cannot be reached: other side closed; check that it runs/],
        [
            "answers with a page",
            { text: "<html>login</html>", type: "text/html" },
            /does not answer as an API server .*html/,
        ],
        [
            "answers with JSON that is cut off",
            { text: '{"major": "1"', type: "application/json" },
            /or is cut off; check/,
        ],
        ["answers with a word in JSON", { text: '"ok"', type: "application/json" }, /no object in JSON/],
        ["answers with nothing in JSON", { text: "null", type: "application/json" }, /no object in JSON/],
        ["answers with a list", { text: "[]", type: "application/json" }, /is no Kubernetes API server/],
        ["answers with something else", { body: { hello: "world" } }, /is no Kubernetes API server/],
    ])("%s", async (_, reply, says) => {
        for (const path of [VERSION, KUBE_SYSTEM]) expectRefusal(await run({ [path]: reply }), says);
    });

    it("takes half a second for each answer is waited for, as long as it takes to ask 6 times in a row", async () => {
        const begun = Date.now();
        const { failure } = await tryProgram({}, { delay: 500 });
        expect(failure).toBeUndefined();
        expect(Date.now() - begun).toBeLessThan(10_000);
    });
});
