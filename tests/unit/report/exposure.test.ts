import { describe, expect, it } from "vitest";
import { named, replaced, same, sentences, workload } from "../../support/engine-events";

const DEPLOYMENT = "apps/v1:Deployment";
const SERVICE = "core/v1:Service";
const GATEWAY = "gateway.networking.k8s.io/v1:Gateway";

describe("exposure", () => {
    const service = (type: string | undefined, ...nodePorts: number[]) =>
        named("kiali", {
            spec: { ...(type && { type }), ports: nodePorts.map((nodePort) => ({ port: 80, nodePort })) },
        });
    const changed = (before: object | undefined, after: object | undefined, state?: object) =>
        sentences({ type: SERVICE, before: before as never, after: after as never, state: state as never });

    it("of a Service is told where it opens, closes and moves", () => {
        expect(changed(service("ClusterIP"), service("NodePort", 30081))).toEqual([
            "caution: The Service kiali is reached at node port 30081 of every node from outside the cluster, " +
                "since its type is NodePort and no longer ClusterIP.",
        ]);
        expect(changed(service(undefined), service("LoadBalancer"))[0]).toContain(
            "reached at a load balancer from outside",
        );
        expect(changed(undefined, service("NodePort"))[0]).toContain("at a node port that Kubernetes chooses");
        expect(changed(service("NodePort"), service("ClusterIP"), service("NodePort", 31234))).toEqual([
            "note: The Service kiali is no longer reached from outside the cluster: node port 31234 closes, " +
                "since its type is ClusterIP and no longer NodePort.",
        ]);
        expect(changed(service("NodePort", 30081), service("NodePort", 30082))).toEqual([
            "caution: The Service kiali is reached at node port 30082 of every node, and no longer at node " +
                "port 30081: whoever uses the former is refused.",
        ]);
        expect(changed(undefined, service("ClusterIP"))).toEqual([]);
    });

    it("of the generated Service is told by the patch of its port", () => {
        const ports = (nodePort: number) => ({
            spec: {
                type: "NodePort",
                ports: [
                    { port: 15021, nodePort: 31000 },
                    { port: 80, nodePort },
                ],
            },
        });
        const patch = { spec: { ports: [{ port: 15021 }, { port: 80, nodePort: 30080 }] } };
        const read = { ...same(SERVICE, named("gate-istio")), op: "read", state: named("gate-istio", ports(32080)) };
        const created = { type: `${SERVICE}Patch`, after: named("gate-istio", patch) };
        expect(sentences(read, created)).toEqual([
            "caution: The Service gate-istio is reached at node port 30080 of every node, and no longer at " +
                "node port 32080: whoever uses the former is refused.",
        ]);
        expect(sentences({ ...read, state: named("gate-istio", ports(30080)) }, created)).toEqual([]);
    });

    const gateway = (type: string, listeners: object[] = []) =>
        named("gate", { metadata: { annotations: { "networking.istio.io/service-type": type } }, spec: { listeners } });

    it("of a gateway is told by the type of its Service and by its listeners", () => {
        const step = (before: object, after: object) =>
            sentences({ type: GATEWAY, before: before as never, after: after as never });
        expect(step(gateway("ClusterIP"), gateway("LoadBalancer"))[0]).toMatch(
            /^caution: The gateway gate has a Service of type LoadBalancer/,
        );
        expect(step(gateway("NodePort", [{ port: 80 }]), gateway("NodePort", [{ port: 80, hostname: "a.b" }]))).toEqual(
            [
                "caution: The gateway gate takes requests for a.b at port 80 and no longer takes those for " +
                    "every host at port 80, since its listeners change.",
            ],
        );
        expect(
            sentences(
                ...replaced({ type: GATEWAY, name: "g", before: gateway("NodePort"), after: gateway("NodePort") }),
            ).join(),
        ).toContain("The gateway gate is made anew with a Service of its own");
    });

    it("of a gateway ends with it", () => {
        expect(sentences({ type: GATEWAY, before: gateway("NodePort") })).toContain(
            "caution: Nothing answers any more at the addresses and node ports of the gateway gate, since it is deleted " +
                "with the Service that Istio made for it.",
        );
    });

    it("of a pod at its node is told", () => {
        const after = workload("app", "r:1", {}, { hostNetwork: true });
        expect(sentences({ type: DEPLOYMENT, after })).toEqual([
            "caution: The pods of app are reached at the address of their node, since they have their node's network.",
        ]);
    });

    it("of the mesh's plain text is told both ways", () => {
        const policy = (mode: string) => named("default", { spec: { mtls: { mode } } }, "istio-system");
        const step = { type: "security.istio.io/v1:PeerAuthentication" };
        expect(sentences({ ...step, after: policy("STRICT") })[0]).toMatch(
            /^caution: Callers without a sidecar are refused/,
        );
        expect(sentences({ ...step, before: policy("STRICT") })).toContainEqual(
            expect.stringMatching(/^danger: Plain text is accepted again.* is deleted/),
        );
        expect(sentences({ ...step, before: policy("STRICT"), after: policy("PERMISSIVE") })[0]).toMatch(
            /^danger: Plain text is accepted again.*PERMISSIVE/,
        );
    });

    it("of pods by NetworkPolicies is told both ways, and not where their namespace goes", () => {
        const policy = (name: string) => ({
            type: "networking.k8s.io/v1:NetworkPolicy",
            name,
            before: named(name, {}, "shop"),
        });
        const made = { ...policy("web"), before: undefined, after: policy("web").before };
        expect(sentences(made)).toEqual([
            "caution: Connections of pods that it does not name are cut off by the NetworkPolicy shop/web.",
        ]);
        const both = [policy("web"), policy("db")];
        expect(sentences(...both)[0]).toBe(
            "danger: Pods are open to all others again without the NetworkPolicies shop/db and shop/web.",
        );
        const shop = { type: "core/v1:Namespace", name: "shop", before: named("shop", {}) };
        expect(sentences(...both, shop).filter((sentence) => sentence.includes("NetworkPolicies"))).toEqual([]);
        expect(sentences({ ...made, before: made.after })).toEqual([]);
    });

    it("of Kiali is told by its login", () => {
        const addons = (access: string | undefined) => ({ addons: ["kiali"], kiali: { access } });
        const step = (from: string | undefined, to: string | undefined) =>
            sentences({
                type: ":istio-on-pulumi:index:Addons",
                isComponent: true,
                name: "addons",
                before: from === undefined ? {} : addons(from),
                after: addons(to),
            });
        expect(step("token", "anonymous")).toEqual([
            "danger: Kiali lets anybody who reaches it change the mesh, without a login; before, it asked for a login.",
        ]);
        expect(step("anonymous", "token")[0]).toMatch(/^note: Kiali asks for a login/);
        expect(step(undefined, undefined)[0]).toMatch(/^caution: Kiali lets anybody/);
        expect(step("token", "token")).toEqual([]);
    });
});
