import { type ClusterClient, UserError } from "@istio-on-pulumi/kube";

/**
 * Makes sure that this user's changes are let in, before the first one that counts: a policy may let somebody only try
 * changes out (dry runs), or nobody change anything for a while, and rights do not tell that.
 *
 * A patch of a namespace with nothing in it passes admission and changes nothing.
 * @param namespace one that is there
 * @throws UserError with the API server's reason where the patch is refused
 */
export async function checkWrites(client: ClusterClient, namespace: string): Promise<void> {
    const { status, body } = await client.patch(`/api/v1/namespaces/${namespace}`, {});
    const { message = "" } = body as { message?: string };
    // Rights are looked at elsewhere, and a namespace that has just gone is nobody's refusal.
    if (status < 400 || status === 404 || message.includes("cannot patch resource")) return;
    throw new UserError(`${client.where} lets this user change nothing, so nothing was changed: ${message}`);
}
