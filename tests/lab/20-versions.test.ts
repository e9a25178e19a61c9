import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { ADDONS, DEFAULT_ISTIO, ISTIO_NAMESPACE, ISTIO_VERSIONS, istioRelease } from "@istio-on-pulumi/kube";
import { run } from "@istio-on-pulumi/lab";
import { plannedObjects } from "../../stack/planned";
import { gatewayApiCrdNames, readAddons, readIstioCrdNames, UpstreamFiles } from "../../upstream";
import { Lab, TEST_LAB } from "../support/lab";
import { Stack } from "../support/lab-stack";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
interface Named {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Values by which chart istiod makes all that it can make for this program. */
const VALUES = ["autoscaleEnabled=true", "autoscaleMin=2", "global.defaultPodDisruptionBudget.enabled=true"];

test("a pod of an Istio that the lab has not built waits, and says how it is built", async ({ skip }) => {
    const version = ISTIO_VERSIONS.find(
        (each) => each !== DEFAULT_ISTIO && !existsSync(join(lab.place.bin, `pilot-discovery-${each}`)),
    );
    skip(version === undefined, "all are built");
    const pod = ["pod", "unbuilt", "--namespace", "default"];
    await lab.output(["kubectl", "run", ...pod.slice(1), "--image", `docker.io/istio/pilot:${version}`]);
    try {
        const waiting = "jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull";
        await lab.output(["kubectl", "wait", ...pod, `--for=${waiting}`, "--timeout=30s"]);
        const message = "jsonpath={.status.containerStatuses[0].state.waiting.message}";
        expect(await lab.output(["kubectl", "get", ...pod, "--output", message])).toBe(
            `The lab has not built Istio ${version}: npm run lab -- start --istio ${version}`,
        );
    } finally {
        await lab.output(["kubectl", "delete", ...pod]);
    }
});

// Outside of the lab, which reaches no upstream.
beforeAll(() =>
    run(["npm", "run", "--silent", "bundle", "--", stack.settings().bundle!, "--istio", ...ISTIO_VERSIONS]),
);

describe.each(ISTIO_VERSIONS)("the charts of Istio %s", (version) => {
    test("make no object that is not planned", async () => {
        const upstream = UpstreamFiles.open({ projectDir: lab.place.repository, bundleDir: stack.settings().bundle });
        const names = ({ apiVersion, kind, metadata }: Named) =>
            `${apiVersion} ${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
        const made: string[] = [];
        for (const chart of ["base", "istiod"] as const) {
            const path = await upstream.chart(chart, version);
            const set = ["profile=demo", "gatewayClasses.istio.service.spec.type=ClusterIP", ...VALUES];
            const command = ["helm", "template", "x", path, "--namespace", ISTIO_NAMESPACE, "--set", set.join(",")];
            const objects = parseAllDocuments(await lab.output(command)).map((each) => each.toJS() as Named | null);
            made.push(...objects.filter((object) => object !== null).map(names));
        }
        const planned = plannedObjects({
            strictMtls: false,
            istioVersion: version,
            istiodValues: { gatewayClasses: { istio: {} } },
            istioCrds: await readIstioCrdNames(upstream, version),
            gatewayApiCrds: gatewayApiCrdNames(istioRelease(version).gatewayApi),
            addons: {},
            // What the program cannot read or register fails here.
            manifests: await readAddons(upstream, version, ADDONS),
        }).map(({ apiVersion, kind, namespace, name }) => names({ apiVersion, kind, metadata: { namespace, name } }));
        expect(made.length).toBeGreaterThan(30);
        expect(made.filter((name) => !planned.includes(name))).toEqual([]);
    });
});
