import { describe, expect, it } from "vitest";
import { checkNat } from "../../src/doctor";
import { joinServices } from "../../src/join";
import { parseSave, readNat } from "../../src/nat";
import { renderPage } from "../../src/page/page";
import type { NatReport } from "../../src/report";
import { natTable, natTraces } from "../../src/text/nat";
import { makeStyle } from "../../src/text/table";
import { goldenRules, goldenSnapshot } from "../../testing/golden";
import { report } from "../../testing/report";

const style = makeStyle(false);
const source = "the rules of cp";

function inspected(rules: string, service: string) {
    const reading = readNat(parseSave(rules));
    const joined = joinServices(reading, goldenSnapshot("nftables-3"), { node: "lab-node", source });
    const nat: NatReport = {
        source,
        families: reading.models.map(({ family, mode, services, masquerading }) => ({
            ...{ family, mode, services: services.length, masquerading },
            ...{ hooks: [], unreferenced: [], foreign: [] },
        })),
        warnings: [],
        unreadable: [],
        paths: joined.paths.filter((path) => path.namespace === "golden" && path.service === service),
    };
    return { nat, checks: checkNat(reading, joined, source) };
}
/** With one name for each hash and each cluster IP. */
const lines = (text: string) =>
    text
        .replaceAll(/-[A-Z2-7]{8}-/g, "-HASH-")
        .replaceAll(/10\.96\.\d+\.\d+/g, "10.96.0.9")
        .replaceAll(/reviews-[0-9a-f]+-\w{5}/g, "reviews-1")
        .split("\n")
        .map((line) => line.trimEnd());

describe("kube-proxy's nftables mode", () => {
    const { nat, checks } = inspected(goldenRules("nftables-3"), "local");

    it("is told, and its chains are followed", () => {
        expect(lines(natTable(nat, style)).slice(0, 3)).toEqual([
            "The rules of cp",
            "IPv4 (nftables mode): 12 Service ports, mark-for-masquerade sets 0x4000 and what carries it is masqueraded",
            "IPv6 (nftables mode): 2 Service ports, mark-for-masquerade sets 0x4000 and what carries it is masqueraded",
        ]);
        const traces = lines(natTraces(nat, style)).slice(4);
        expect(traces.slice(0, 12)).toEqual([
            "golden/local:http  NodePort, TCP, IPv4, target port 9080",
            "  cluster IP 10.96.0.9:9080 -> service-HASH-golden/local/tcp/http",
            expect.stringMatching(/^ {2}node port \d+ -> external-HASH-golden\/local\/tcp\/http$/),
            "  external-HASH-golden/local/tcp/http",
            "    masquerade from this node (mark-for-masquerade, MARK or 0x4000)",
            "    from pods -> service-HASH-golden/local/tcp/http",
            "    from this node -> service-HASH-golden/local/tcp/http",
            "    all else -> local-HASH-golden/local/tcp/http",
            "  service-HASH-golden/local/tcp/http",
            "    masquerade from outside 10.244.0.0/16 (mark-for-masquerade, MARK or 0x4000)",
            expect.stringMatching(/^ {4}SHARE +PROBABILITY +ENDPOINT CHAIN +DNAT TO +VERSION +POD/),
            expect.stringMatching(
                /^ {4}33\.3 % +1 of 3 +endpoint-HASH-golden\/local\/tcp\/http__10\.244\.0\.\d\/9080 +10\./,
            ),
        ]);
    });

    it("is in the doctor's checks and on the page", () => {
        expect(checks.map(({ title }) => title)).toEqual([
            "service-ips",
            "Chains to pods",
            "Shares",
            "mark-for-masquerade",
        ]);
        expect(checks[0]!.seen).toBe("14 of 14 Service ports caught by the rules of cp");
        expect(checks[2]!.details[0]).toMatch(/^golden\/affinity:http: v1 33\.3 % \(1 of 3 numbers\), /);
        const page = renderPage(report({ nat }));
        expect(page).toContain("IPv4 (nftables mode): 12 Service ports, mark-for-masquerade sets 0x4000");
        expect(page).toContain("1 of 3 numbers");
    });
});

describe("Services that kube-proxy's rules do not lead to pods", () => {
    const { nat, checks } = inspected("*nat\n:CILIUM_PRE_nat - [0:0]\nCOMMIT\n", "local");

    it("are said not to be provable, and not to be broken", () => {
        expect(natTable(nat, style).split("\n")).toEqual([
            "The rules of cp",
            "",
            "SERVICE PORT       CHAIN",
            "golden/local:http  not provable here",
        ]);
        expect(natTraces(nat, style)).toContain("target port 9080\n  not provable here");
        const page = renderPage(report({ nat }));
        expect(page).toContain("The rules of cp. Not provable by NAT rules here.");
        expect(page).toContain("not provable by NAT rules here</p>");
        expect(page).not.toMatch(/caught by no rule|connections are refused/);
    });

    it("are one check", () => {
        expect(checks.map(({ id, seen }) => [id, seen])).toEqual([
            ["nat/services", "the rules of cp do not show where Services lead"],
        ]);
        expect(checks[0]!.findings.map(({ code }) => code)).toContain("nat/not-provable");
    });
});
