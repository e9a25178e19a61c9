import { describe, expect, it } from "vitest";
import { endpointHash, isKubeProxys, roleOf, servicePortHash, servicePortName } from "../../src/nat";

describe("the names of chains", () => {
    it.each([
        ["istio-sample/ratings:http", "G5PLZLXGXOQRM5YI"],
        ["istio-sample/details:http", "PSJQMOZRUGSJJO2Y"],
        ["istio-sample/bookinfo-gateway-istio:status-port", "M3GRG3ZIUI3SSHYC"],
        ["istio-sample/productpage:http", "TQVK2WQMHZOS6576"],
        ["istio-sample/reviews:http", "IZRUIY3NLSNO2IFV"],
        ["istio-sample/bookinfo-gateway-istio:http", "AJGCB2HIHIW4ZNR7"],
    ])("%s has the hash that the walkthrough shows: %s", (name, hash) => {
        expect(servicePortHash(name, "tcp")).toBe(hash);
    });

    it("of endpoints are those of the walkthrough too", () => {
        expect(endpointHash("istio-sample/productpage:http", "tcp", "10.244.0.211:9080")).toBe("YQYLXICOU2BC3HTB");
    });

    it("leave out a port that has no name", () => {
        expect(servicePortName("shop", "reviews", "")).toBe("shop/reviews");
        expect(servicePortName("shop", "reviews", "http")).toBe("shop/reviews:http");
    });

    it.each([
        ["KUBE-SVC-G5PLZLXGXOQRM5YI", "cluster"],
        ["KUBE-SVL-G5PLZLXGXOQRM5YI", "local"],
        ["KUBE-EXT-G5PLZLXGXOQRM5YI", "external"],
        ["KUBE-FW-G5PLZLXGXOQRM5YI", "firewall"],
        ["KUBE-SEP-G5PLZLXGXOQRM5YI", "endpoint"],
        ["KUBE-SERVICES", "services"],
        ["KUBE-MARK-MASQ", "markMasquerade"],
        ["KUBE-NEW-THING", "other"],
        ["KUBE-SVC-mine", "other"],
        ["KUBE-FW-ROUTER", "other"],
        ["KUBE-ROUTER-SERVICES", "other"],
        ["KUBE-POD-FW-G5PLZLXGXOQRM5YI", "other"],
        ["DOCKER", "other"],
    ])("%s is %s", (chain, role) => {
        expect(roleOf(chain)).toBe(role);
    });

    it.each([
        ["KUBE-SERVICES", true],
        ["KUBE-SVC-G5PLZLXGXOQRM5YI", true],
        ["KUBE-FIREWALL", false],
        ["KUBE-MARK-DROP", false],
        ["KUBE-KUBELET-CANARY", false],
        ["KUBE-ROUTER-FORWARD", false],
        ["KUBE-VIP-EGRESS", false],
    ])("whether %s is kube-proxy's own: %s", (chain, own) => {
        expect(isKubeProxys(chain)).toBe(own);
    });
});
