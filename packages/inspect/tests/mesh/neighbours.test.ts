import type { V1PodDisruptionBudget } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { checkBudgets } from "../../src/mesh/budgets";
import { checkCilium, CILIUM_CONFIG } from "../../src/mesh/cilium";
import { checkKiali } from "../../src/mesh/kiali";
import { findScope } from "../../src/mesh/scope";
import { emptyScope, pod, service } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";

describe("a PodDisruptionBudget", () => {
    const selector = { matchLabels: { app: "reviews" } };
    type Budget = V1PodDisruptionBudget;
    const check = (status: Partial<NonNullable<Budget["status"]>>, spec: Budget["spec"] = { maxUnavailable: 0 }) => {
        const full = { disruptionsAllowed: 0, currentHealthy: 3, desiredHealthy: 3, expectedPods: 3, ...status };
        const budget = { metadata: { namespace: "shop", name: "reviews" }, spec: { selector, ...spec }, status: full };
        return checkBudgets(mesh(), { ...emptyScope, budgets: [budget] });
    };

    it("that allows a disruption, or is of no pod, is right", () => {
        expect([...check({ disruptionsAllowed: 1 }), ...check({ expectedPods: 0 })]).toEqual([]);
    });

    it("that can never allow one is named with its workloads and replicas", () => {
        const [finding] = check({});
        expect(finding).toMatchObject({ severity: "note", code: "workload/budget", subject: "shop/reviews" });
        expect(finding!.message).toBe(
            "The PodDisruptionBudget shop/reviews allows no disruption: Pod reviews-v1, Pod reviews-v2 and Pod " +
                "reviews-v3 have 3 replicas, and it wants 3 healthy, so kubectl drain of a node with one of them never " +
                "ends; change the budget before a drain.",
        );
    });

    it("that wants a number of pods allows one with more replicas", () => {
        const one = { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 };
        expect(check(one, { minAvailable: 1 })[0]!.message).toContain(
            "never ends; run more than 1 replica, or change the budget before a drain.",
        );
    });

    it("that allows none at present says how many pods are healthy", () => {
        expect(check({ currentHealthy: 2, desiredHealthy: 2 })[0]!.message).toContain(
            "and 2 healthy where it wants 2, so kubectl drain of a node with one of them waits until more are.",
        );
    });
});

describe("Cilium", () => {
    const check = (config: Record<string, string>, pods = mesh().pods) =>
        checkCilium(new Map([[CILIUM_CONFIG, config]]), pods);
    const codes = (...args: Parameters<typeof check>) =>
        check(...args).map(({ severity, code }) => `${severity} ${code}`);
    const cni = [
        ...mesh().pods,
        pod({ namespace: "istio-system", name: "cni", labels: { "k8s-app": "istio-cni-node" } }),
    ];

    it("that is not there passes nothing by", () => {
        expect(checkCilium(new Map(), cni)).toEqual([]);
    });

    it.each<[Record<string, string>, string[]]>([
        [{}, []],
        [{ "kube-proxy-replacement": "false", "bpf-lb-sock": "false" }, []],
        [{ "bpf-lb-sock": "true" }, ["problem cilium/socket-lb"]],
        [{ "kube-proxy-replacement": "true", "bpf-lb-sock-hostns-only": "false" }, ["problem cilium/socket-lb"]],
        [{ "kube-proxy-replacement": "strict" }, ["problem cilium/socket-lb"]],
        [{ "kube-proxy-replacement": "true", "bpf-lb-sock": "true", "bpf-lb-sock-hostns-only": "true" }, []],
    ])("with %j at the pods' sockets", (config, expected) => {
        expect(codes(config)).toEqual(expected);
    });

    it("that puts other CNI configurations away does so with istio-cni's, where it is in use", () => {
        const exclusive = { "cni-exclusive": "true" };
        expect(codes(exclusive)).toEqual([]);
        expect(codes(exclusive, cni)).toEqual(["problem cilium/cni-exclusive"]);
        expect(codes({ "cni-exclusive": "false" }, cni)).toEqual([]);
        const validated = pod({ name: "validated" });
        validated.spec!.initContainers = [{ name: "istio-validation" }];
        expect(codes(exclusive, [validated])).toEqual(["problem cilium/cni-exclusive"]);
    });

    it("is told what to set", () => {
        expect(check({ "kube-proxy-replacement": "true" })[0]!.message).toBe(
            "Cilium balances Services at the pods' sockets (kube-proxy-replacement: true), so sidecars see a pod's " +
                "address in place of the Service's and their routes are passed by; set bpf-lb-sock-hostns-only: " +
                '"true" (socketLB.hostNamespaceOnly of its chart) in the ConfigMap kube-system/cilium-config, then ' +
                "restart Cilium's DaemonSet.",
        );
    });
});

describe("Kiali", () => {
    const config = (strategy: string, viewOnly: boolean) =>
        `auth:\n  strategy: ${strategy}\ndeployment:\n  view_only_mode: ${viewOnly}\n`;
    const check = (type: string, text: string | undefined, namespace = "istio-system") => {
        const kiali = service({ namespace, name: "kiali", spec: { type } });
        const snapshot = { ...mesh(), services: [...mesh().services, kiali] };
        const maps = text === undefined ? [] : [[`${namespace}/kiali`, { "config.yaml": text }] as const];
        return checkKiali(snapshot, findScope(snapshot), new Map(maps));
    };

    it.each(["NodePort", "LoadBalancer"])("that lets everybody change the mesh, as a %s, is noted", (type) => {
        const findings = check(type, config("anonymous", false));
        expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["note kiali/anonymous"]);
        expect(findings[0]!.message).toContain(`its Service is a ${type}: whoever reaches `);
    });

    it.each<[string, string, string | undefined]>([
        ["inside the cluster alone", "ClusterIP", config("anonymous", false)],
        ["view-only", "NodePort", config("anonymous", true)],
        ["with a login", "NodePort", config("token", false)],
        ["whose settings may not be read", "NodePort", undefined],
        ["whose settings are no YAML", "NodePort", "auth: ["],
    ])("%s is none", (_, type, text) => {
        expect(check(type, text)).toEqual([]);
    });

    it("of a namespace without a control plane that is looked at is somebody else's", () => {
        expect(check("NodePort", config("anonymous", false), "shop")).toEqual([]);
    });
});
