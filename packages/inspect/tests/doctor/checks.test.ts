import { describe, expect, it } from "vitest";
import { checkMesh, checkNat } from "../../src/doctor";
import { type Finding, note, problem } from "../../src/finding";
import { joinServices } from "../../src/join";
import { inspectInjection } from "../../src/mesh/injection";
import { inspectProxy } from "../../src/mesh/proxy";
import { findScope } from "../../src/mesh/scope";
import { describeTopology } from "../../src/mesh/topology";
import { MISSING_PODS } from "../../src/mesh/workloads";
import { parseSave, readNat } from "../../src/nat";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import { emptySnapshot, pod } from "../../testing/cluster";
import { injected, injector, mesh, meshRules } from "../../testing/mesh";
import { pattern } from "../../testing/pattern";

function checks(
    snapshot: ClusterSnapshot = mesh(),
    edit: (rules: string) => string = (same) => same,
    about: readonly Finding[] = [],
) {
    const scope = findScope(snapshot);
    const proxies = snapshot.pods.map(inspectProxy).filter((report) => report !== undefined);
    const rules = meshRules();
    const reading = readNat(parseSave(edit(rules)));
    return [
        ...checkMesh(
            { injection: inspectInjection(snapshot, scope), workloads: snapshot.deployments.length, findings: about },
            proxies,
            describeTopology(snapshot, scope),
        ),
        ...checkNat(
            reading,
            joinServices(reading, snapshot, { namespaces: scope.namespaces }),
            "the rules of this machine",
        ),
    ];
}
const of = (title: string, ...args: Parameters<typeof checks>) =>
    checks(...args).find((check) => check.title === title)!;

describe("the doctor on a healthy mesh", () => {
    it("sees every step of the walkthrough, and says by what", () => {
        expect(checks().map(({ title, state, seen }) => [title, state, seen])).toEqual([
            ["Control plane", "ok", "istio-system/istiod 1.25.1, ready; 1 injector trusted by the API server"],
            ["Injection", "ok", "4 pods with a sidecar, no gateways; proxies 1.25.1"],
            ["Workloads", "ok", "1 workload, none short of pods"],
            ["Gateways", "ok", "1 of 1 programmed, 1 route"],
            [
                "istio-init",
                "ok",
                "inbound all to 15006 but 15090, 15021 and 15020, outbound all to 15001, by REDIRECT, all but " +
                    "user 1337",
            ],
            ["istio-proxy", "ok", "4 proxies, domain shop.svc.cluster.local"],
            ["KUBE-SERVICES", "ok", "2 of 2 Service ports caught by the rules of this machine"],
            [
                "Chains to pods",
                "ok",
                "4 endpoints, 4 found as pods, 4 at a port that a container declares or a Gateway listens on",
            ],
            ["Shares", "ok", "1 Service port with several endpoints, each spread evenly"],
            ["KUBE-MARK-MASQ", "ok", "IPv4 MARK or 0x4000, masqueraded"],
        ]);
    });

    it("shows the walkthrough's own details", () => {
        expect(of("Shares").details).toEqual([
            "shop/reviews:http: v1 33.3 % (probability 0.33333333349), v2 33.3 % (probability 0.5), v3 33.3 %",
        ]);
        expect(of("istio-init").details).toEqual([
            '4 pods: istio-init -p 15001 -z 15006 -u 1337 -m REDIRECT -i * -x "" -b * -d 15090,15021,15020 ' +
                "--log_output_level default:info; capabilities NET_ADMIN and NET_RAW",
        ]);
        expect(of("KUBE-SERVICES").details[0]).toMatch(
            /^shop\/productpage:http: cluster IP 10\.96\.0\.11:9080 -> KUBE-SVC-[A-Z2-7]{16}$/,
        );
        expect(of("Chains to pods").details[0]).toMatch(
            pattern(
                /^shop\/productpage:http: KUBE-SEP-[A-Z2-7]{16} -> DNAT 10\.244\.0\.1:9080, pod /,
                /shop\/productpage-v1, containerPort of app$/,
            ),
        );
    });
});

describe("the doctor on a broken mesh", () => {
    it.each<[string, (snapshot: ClusterSnapshot) => Partial<ClusterSnapshot>]>([
        ["Injection", ({ pods }) => ({ pods: [...pods, pod({ name: "late" })] })],
        [
            "Control plane",
            ({ webhooks }) => ({
                webhooks: [
                    {
                        ...webhooks[0]!,
                        webhooks: webhooks[0]!.webhooks!.map((hook) => ({
                            ...hook,
                            clientConfig: { service: hook.clientConfig.service },
                        })),
                    },
                ],
            }),
        ],
        ["Gateways", ({ gateways }) => ({ gateways: [{ ...gateways[0]!, status: {} }] })],
        ["Chains to pods", ({ endpointSlices }) => ({ endpointSlices: endpointSlices.slice(1) })],
        [
            "KUBE-SERVICES",
            ({ services }) => ({
                services: services.map((service) => ({
                    ...service,
                    spec: { ...service.spec, clusterIPs: ["10.96.0.99"] },
                })),
            }),
        ],
        [
            "istio-init",
            ({ pods }) => ({ pods: pods.map((each) => ({ ...each, spec: { ...each.spec!, initContainers: [] } })) }),
        ],
        [
            "istio-proxy",
            ({ pods }) => ({ pods: pods.map((each) => ({ ...each, spec: { ...each.spec!, volumes: [] } })) }),
        ],
    ])("finds the problem of: %s", (title, change) => {
        expect(of(title, { ...mesh(), ...change(mesh()) }).state).toBe("problem");
    });

    it("finds uneven shares and a missing mark", () => {
        expect(of("Shares", mesh(), (rules) => rules.replace("0.33333333349", "0.90000000000")).state).toBe("problem");
        expect(of("KUBE-MARK-MASQ", mesh(), (rules) => rules.replace(/-A KUBE-MARK-MASQ.*\n/, ""))).toMatchObject({
            state: "problem",
            seen: "IPv4 sets no mark, not masqueraded",
        });
    });

    it("counts workloads without their pods, and shows what stands beside the mesh where it has something to say", () => {
        const short = problem(MISSING_PODS, "shop/details-v1", "The Deployment has no pod.");
        const budget = note("workload/budget", "shop/details", "It allows no disruption.");
        const open = note("kiali/anonymous", "istio-system/kiali", "Kiali asks nobody.");
        const passed = problem("cilium/socket-lb", "kube-system/cilium-config", "Cilium balances at sockets.");
        const seen = checks(mesh(), undefined, [short, budget, open, passed]);
        expect(
            seen
                .filter(({ title }) => ["Workloads", "Cilium", "Kiali"].includes(title))
                .map(({ title, state, seen: what, findings }) => [title, state, what, findings.length]),
        ).toEqual([
            ["Workloads", "problem", "1 workload, 1 short of pods", 2],
            ["Cilium", "problem", "passes sidecars by", 1],
            ["Kiali", "note", "open to everybody", 1],
        ]);
    });

    it("trusts no webhook that calls a Service which is gone", () => {
        const left = { ...mesh(), webhooks: [injector({ service: "istiod-old" })] };
        expect(of("Control plane", left)).toMatchObject({
            state: "problem",
            seen: "istio-system/istiod 1.25.1, ready; no injectors trusted by the API server",
        });
    });

    it("skips what is not there yet", () => {
        expect(checks(emptySnapshot).map(({ title, state }) => [title, state])).toEqual([
            ["Control plane", "skipped"],
            ["Injection", "skipped"],
            ["Gateways", "skipped"],
            ["istio-init", "skipped"],
            ["istio-proxy", "skipped"],
            ["KUBE-SERVICES", "skipped"],
        ]);
    });

    it("counts a sidecar of another version as a problem of the injection alone", () => {
        const old = checks({ ...mesh(), pods: [...mesh().pods, injected({ name: "old" }, "1.24.0")] });
        expect(old.filter(({ state }) => state === "problem").map(({ title }) => title)).toEqual(["Injection"]);
    });
});
