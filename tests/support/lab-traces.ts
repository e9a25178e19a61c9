import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import type { Lab } from "./lab";
import { ask } from "./lab-load";
import { eventually, getOne } from "./lab-objects";
import { BOOKINFO_NAMESPACE } from "./lab-walkthrough";
import type { Service } from "./objects";

interface Traces {
    data: { traceID: string; processes: Record<string, { serviceName: string }> }[];
}

/**
 * Asks for a page as part of a trace, and waits until Jaeger tells of a span of each of these proxies.
 *
 * @param traceId 32 hexadecimal digits that no other request has
 */
export async function untilTraced(lab: Lab, url: string, traceId: string, proxies: readonly string[]): Promise<void> {
    const jaeger = await getOne<Service>(lab, "service", "tracing", "--namespace", ISTIO_NAMESPACE);
    const api = `http://${jaeger.spec.clusterIP}/jaeger/api/traces?limit=100&service=productpage.${BOOKINFO_NAMESPACE}`;
    await ask(url, { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
    // Each proxy sends its spans in its own time.
    await eventually(
        async () => {
            const { data } = JSON.parse(await lab.output(["curl", "-sS", api])) as Traces;
            const processes = data.find(({ traceID }) => traceID === traceId)?.processes ?? {};
            return Object.values(processes).map(({ serviceName }) => serviceName.split(".")[0]);
        },
        (services) => proxies.every((proxy) => services.includes(proxy)),
        "Jaeger tells of a span of each proxy",
    );
}
