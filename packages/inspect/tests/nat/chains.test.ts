import { describe, expect, it } from "vitest";
import { endpointHash, roleOf, servicePortHash, servicePortName } from "../../src/nat";

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
        ["KUBE-SVC-A", "cluster"],
        ["KUBE-SVL-A", "local"],
        ["KUBE-EXT-A", "external"],
        ["KUBE-FW-A", "firewall"],
        ["KUBE-SEP-A", "endpoint"],
        ["KUBE-SERVICES", "services"],
        ["KUBE-MARK-MASQ", "markMasquerade"],
        ["KUBE-NEW-THING", "other"],
        ["DOCKER", "other"],
    ])("%s is %s", (chain, role) => {
        expect(roleOf(chain)).toBe(role);
    });
});
