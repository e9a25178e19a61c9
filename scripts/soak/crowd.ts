import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../../tests/support/lab";
import { getAll } from "../../tests/support/lab-objects";

export interface CrowdSize {
    readonly namespaces: number;
    readonly services: number;
    readonly pods: number;
}

/** Objects of others in a cluster: namespaces, each with Services and a Deployment; kwok simulates the pods. */
export async function crowd(lab: Lab, { namespaces, services, pods }: CrowdSize): Promise<void> {
    const items = Array.from({ length: namespaces }, (_, index) =>
        namespaceWith(`crowd-${index}`, services / namespaces, pods / namespaces),
    );
    // In parts: kubectl holds all that it is given.
    for (let first = 0; first < items.length; first += 50) {
        const manifest = { apiVersion: "v1", kind: "List", items: items.slice(first, first + 50).flat() };
        await lab.output(["kubectl", "create", "-f", "-"], { input: JSON.stringify(manifest) });
    }
    const selected = ["--all-namespaces", "--selector", "app=crowd", "--field-selector", "status.phase=Running"];
    while ((await getAll(lab, "pods", ...selected)).length < pods) await sleep(5000);
}

function namespaceWith(namespace: string, services: number, replicas: number): object[] {
    const labels = { app: "crowd" };
    const containers = [{ name: "pause", image: "registry.k8s.io/pause:3.10" }];
    return [
        { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
        ...Array.from({ length: services }, (_, index) => ({
            apiVersion: "v1",
            kind: "Service",
            metadata: { namespace, name: `service-${index}` },
            spec: { selector: labels, ports: [{ port: 80 }] },
        })),
        {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { namespace, name: "crowd" },
            spec: {
                replicas,
                selector: { matchLabels: labels },
                template: { metadata: { labels }, spec: { containers } },
            },
        },
    ];
}
