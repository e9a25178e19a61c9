import { describe, expect, it } from "vitest";
import type { Answer, ClusterClient, ObjectMetadata } from "@istio-on-pulumi/kube";
import { prepareInstallation, prepareUpgrade } from "../../../cluster";

const RELEASE = { name: "istio-base", namespace: "istio-system" };
const SECRETS = "/api/v1/namespaces/istio-system/secrets";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const record = (revision: number, status: string): ObjectMetadata => ({
    name: `sh.helm.release.v1.istio-base.v${revision}`,
    uid: String(revision),
    labels: { status },
});

/** A client that keeps what it was told to change, in a cluster that holds these. */
function clientOf(lists: Readonly<Record<string, ObjectMetadata[]>>) {
    const changes: string[] = [];
    const change = (verb: string) => (path: string, body?: unknown) => {
        changes.push([verb, path, ...(body === undefined ? [] : [JSON.stringify(body)])].join(" "));
        return Promise.resolve({ status: 200, body: {} } satisfies Answer);
    };
    const client = {
        listMetadata: (path: string) => Promise.resolve(lists[path] ?? []),
        delete: change("DELETE"),
        patch: change("PATCH"),
    };
    return { client: client as unknown as ClusterClient, changes };
}

describe("prepareInstallation", () => {
    it("changes nothing where nothing is left", async () => {
        const { client, changes } = clientOf({});
        await prepareInstallation(client, RELEASE, ["sidecars.networking.istio.io"]);
        expect(changes).toEqual([]);
    });

    it("removes every record of the release, and gives it the CRDs that exist", async () => {
        const { client, changes } = clientOf({
            [SECRETS]: [record(1, "deployed"), record(2, "pending-install")],
            [CRDS]: [
                { name: "sidecars.networking.istio.io", uid: "1" },
                { name: "of.others", uid: "2" },
            ],
        });
        await prepareInstallation(client, RELEASE, ["sidecars.networking.istio.io", "gateways.networking.istio.io"]);
        expect(changes).toEqual([
            `DELETE ${SECRETS}/sh.helm.release.v1.istio-base.v1`,
            `DELETE ${SECRETS}/sh.helm.release.v1.istio-base.v2`,
            `PATCH ${CRDS}/sidecars.networking.istio.io ` +
                '{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":' +
                '{"meta.helm.sh/release-name":"istio-base","meta.helm.sh/release-namespace":"istio-system"}}}',
        ]);
    });
});

describe("prepareUpgrade", () => {
    it("removes the record of an upgrade that was killed, and no other", async () => {
        const { client, changes } = clientOf({ [SECRETS]: [record(1, "deployed"), record(2, "pending-upgrade")] });
        await prepareUpgrade(client, RELEASE);
        expect(changes).toEqual([`DELETE ${SECRETS}/sh.helm.release.v1.istio-base.v2`]);
    });
});
