import type { ClusterClient } from "@istio-on-pulumi/kube";
import { readRecords } from "./holdings";
import { CRDS } from "./objects";
import type { ReleaseName } from "./owner";

/**
 * Makes way for the installation of a release: helm refuses a name of which it has any record, also one that an
 * interrupted installation left, and CRDs that do not say that they are the release's.
 *
 * Called when the stack's state has no such release, in a namespace that is the stack's. A record there is then one
 * that no update knows of, and removing it removes no object: helm takes over what bears the release's name.
 * @param crds names of the CRDs that the release brings; those that exist and are nobody's become the release's
 */
export async function prepareInstallation(client: ClusterClient, release: ReleaseName, crds: readonly string[]) {
    await removeRecords(client, release, () => true);
    const marks = {
        metadata: {
            labels: { "app.kubernetes.io/managed-by": "Helm" },
            annotations: {
                "meta.helm.sh/release-name": release.name,
                "meta.helm.sh/release-namespace": release.namespace,
            },
        },
    };
    const held = new Set((await client.listMetadata(CRDS)).map(({ name }) => name));
    await Promise.all(crds.filter((name) => held.has(name)).map((name) => client.patch(`${CRDS}/${name}`, marks)));
}

/** Makes way for an upgrade: helm refuses one while another is recorded as going on, also one that was killed. */
export async function prepareUpgrade(client: ClusterClient, release: ReleaseName) {
    await removeRecords(client, release, (status) => status.startsWith("pending-"));
}

async function removeRecords(client: ClusterClient, release: ReleaseName, isStale: (status: string) => boolean) {
    const records = await readRecords(client, release);
    const stale = records.filter(({ labels }) => isStale(labels?.status ?? ""));
    await Promise.all(
        stale.map(({ name }) => client.delete(`/api/v1/namespaces/${release.namespace}/secrets/${name}`)),
    );
}
