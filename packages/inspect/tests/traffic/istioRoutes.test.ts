import { describe, expect, it } from "vitest";
import { coversByWildcard, isExported, serviceOfHost } from "../../src/traffic/istioRoutes";

import { REVIEWS } from "./routing";

describe("a host in an object of Istio's", () => {
    it.each([
        ["reviews", REVIEWS],
        ["reviews.other.svc.cluster.local", { namespace: "other", name: "reviews" }],
        ["reviews.other.svc", { namespace: "other", name: "reviews" }],
        ["reviews.other", undefined],
        ["example.com", undefined],
        ["*", undefined],
        ["", undefined],
    ])("%j in the namespace shop means %j", (host, meant) => {
        expect(serviceOfHost(host, "shop")).toEqual(meant);
    });

    it.each([
        ["*", true],
        ["*.shop.svc.cluster.local", true],
        ["*.svc.cluster.local", true],
        ["*.local", true],
        ["*.ocal", false],
        ["xlocal", false],
        ["*.web.svc.cluster.local", false],
        ["*.com", false],
        ["reviews", false],
    ])("%j covers reviews of shop: %j", (host, covers) => {
        expect(coversByWildcard(host, REVIEWS)).toBe(covers);
    });

    it("holds for the namespaces that it is exported to", () => {
        const exported = (exportTo?: string[]) =>
            isExported({ metadata: { namespace: "shop" }, spec: { exportTo } }, "web");
        expect([exported(), exported(["*"]), exported(["web"]), exported(["."]), exported(["other"])]).toEqual([
            true,
            true,
            true,
            false,
            false,
        ]);
        expect(isExported({ metadata: { namespace: "web" }, spec: { exportTo: ["."] } }, "web")).toBe(true);
    });
});
