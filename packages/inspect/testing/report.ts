import { check } from "../src/doctor";
import { joinServices } from "../src/join";
import { inspectInjection } from "../src/mesh/injection";
import { inspectProxy } from "../src/mesh/proxy";
import { findScope } from "../src/mesh/scope";
import { describeTopology } from "../src/mesh/topology";
import { parseSave, readNat } from "../src/nat";
import type { MeshReport } from "../src/report";
import { mesh, meshRules } from "./mesh";

/** What an inspection of the small mesh reports, with all sections. */
export function report(over: Partial<MeshReport> = {}): MeshReport {
    const snapshot = mesh();
    const scope = findScope(snapshot);
    const reading = readNat(parseSave(meshRules()));
    return {
        at: "2026-01-02T10:00:00.000Z",
        cluster: { context: "prod", server: "https://10.0.0.1:6443", version: "v1.31.0" },
        namespaces: [...scope.namespaces],
        injection: inspectInjection(snapshot, scope),
        proxies: snapshot.pods.map(inspectProxy).filter((proxy) => proxy !== undefined),
        topology: describeTopology(snapshot, scope),
        nat: {
            source: "the rules of cp",
            families: [
                {
                    family: "IPv4",
                    mode: "iptables",
                    services: 2,
                    masquerading: { mark: "0x4000", applied: true },
                    hooks: [],
                    unreferenced: [],
                    foreign: [],
                },
            ],
            warnings: [],
            unreadable: [],
            paths: joinServices(reading, snapshot, { namespaces: scope.namespaces }).paths,
        },
        checks: [check("a", "mesh", "Control plane", "there")],
        endpoints: [
            {
                name: "productpage",
                namespace: "shop",
                service: "productpage",
                exists: true,
                ports: [
                    {
                        name: "http",
                        port: 9080,
                        exists: true,
                        ready: 1,
                        answer: { state: "answers", text: "HTTP 200" },
                    },
                ],
            },
        ],
        findings: [],
        ok: true,
        ...over,
    };
}
