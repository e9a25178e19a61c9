/**
 * The command behind `npm run docs:inspect`: inspects the current kubeconfig's cluster and renders a part of the page
 * for
 * the documentation, light and dark. In the lab: npm run lab -- exec npm run docs:inspect
 */
import { inspectMesh, type MeshReport } from "@istio-on-pulumi/inspect";
import { renderPage } from "@istio-on-pulumi/inspect/page";
import { UserError } from "@istio-on-pulumi/kube";
import { takePictures } from "./page";

const SIZE = { width: 1240, height: 1612 };
/** Services of the picture: the way in, and one with several endpoints. */
const SHOWN = ["bookinfo-gateway-istio:http", "reviews:http"];

/** What the picture shows of a report: the topology and two Services' chains. */
function excerpt({ at, cluster, namespaces, injection, topology, nat, findings, ok }: MeshReport): MeshReport {
    const paths =
        nat?.paths.filter(
            ({ service, portName, family }) => family === "IPv4" && SHOWN.includes(`${service}:${portName}`),
        ) ?? [];
    return {
        at,
        cluster,
        namespaces,
        injection,
        topology,
        ...(nat && { nat: { ...nat, paths } }),
        findings: findings.filter(({ severity }) => severity === "problem"),
        ok,
    };
}

async function main(): Promise<void> {
    const page = renderPage(excerpt(await inspectMesh({ sections: ["doctor", "nat"], ask: false })));
    await takePictures("inspect", page, SIZE);
}

main().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
});
