import { describe, expect, it } from "vitest";
import { describeDifferences } from "../../../scripts/stacks/differences";

const dev = {
    "Service ns/a": { metadata: { name: "a" }, spec: { type: "NodePort" } },
    "ConfigMap ns/same": { data: { b: "1", a: "2" } },
    "Deployment ns/gone": { spec: { paused: true } },
};
const prod = {
    "Service ns/a": { spec: { type: "ClusterIP" }, metadata: { name: "a" } },
    "ConfigMap ns/same": { data: { a: "2", b: "1" } },
    "PeerAuthentication ns/default": { spec: { mtls: { mode: "STRICT" } } },
};

describe("describeDifferences", () => {
    it("names each object that differs or that one stack alone has, and passes over the order of keys", () => {
        expect(describeDifferences(["dev", dev], ["prod", prod], true).split("\n")).toEqual([
            "Deployment ns/gone: only in dev",
            "PeerAuthentication ns/default: only in prod",
            "Service ns/a: differs",
            "3 of 4 objects differ between dev and prod.",
            "",
        ]);
    });

    it("shows how, as a patch of the objects in YAML", () => {
        const lines = describeDifferences(["dev", dev], ["prod", prod], false).split("\n");
        const service = lines.slice(lines.indexOf("--- dev: Service ns/a"));
        expect(service.slice(0, 8)).toEqual([
            "--- dev: Service ns/a",
            "+++ prod: Service ns/a",
            "@@ -1,4 +1,4 @@",
            " metadata:",
            "   name: a",
            " spec:",
            "-  type: NodePort",
            "+  type: ClusterIP",
        ]);
        expect(lines).toContain("+    mode: STRICT");
        expect(lines).toContain("-  paused: true");
    });

    it("says that there is no difference", () => {
        expect(describeDifferences(["a", dev], ["b", dev], false)).toBe("0 of 3 objects differ between a and b.\n");
    });
});
