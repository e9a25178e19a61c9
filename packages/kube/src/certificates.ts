import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { reasonOf, UserError } from "./errors";
import type { KubeconfigContext } from "./kubeconfig";

/** The bundles of the system's own authorities that Go's programs look for, kubectl among them. */
const SYSTEM_BUNDLES = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/** The authority of a cluster, PEM; `undefined` means those that the system trusts. */
export function certificateAuthority(context: KubeconfigContext): Buffer | undefined {
    const { cluster, clusterName } = context;
    return bytesOf(context, `cluster ${JSON.stringify(clusterName)}`, cluster, "certificate-authority");
}

/**
 * What TLS needs to meet a cluster.
 *
 * @param login a client certificate that takes the place of the kubeconfig's
 * @throws UserError where a file is missing or holds no certificate
 */
export function secureContextOf(
    context: KubeconfigContext,
    login: { readonly clientCertificateData?: string; readonly clientKeyData?: string },
): SecureContext {
    const user = `user ${JSON.stringify(context.userName)}`;
    const fromFile = {
        cert: bytesOf(context, user, context.user, "client-certificate"),
        key: bytesOf(context, user, context.user, "client-key"),
    };
    const ca = certificateAuthority(context);
    if (ca && context.cluster["insecure-skip-tls-verify"] === true)
        throw new UserError(
            `${context.kubeconfig} names an authority for cluster ${JSON.stringify(context.clusterName)} and skips ` +
                "the verification by it (insecure-skip-tls-verify), which kubectl refuses too; remove one of them",
        );
    try {
        return createSecureContext({
            // As for kubectl, whatever stands in the bundle is trusted, an intermediate authority too.
            allowPartialTrustChain: true,
            ca: ca ?? systemAuthorities(),
            cert: login.clientCertificateData ?? fromFile.cert,
            key: login.clientKeyData ?? fromFile.key,
        });
    } catch (error) {
        throw new UserError(
            `The certificates of context ${JSON.stringify(context.name)} cannot be used (${reasonOf(error)}); check ` +
                "certificate-authority, client-certificate and client-key in the kubeconfig",
        );
    }
}

/** From when to when a user's client certificate is valid, in milliseconds; `undefined` without one. */
export function clientCertificateTimes(
    context: KubeconfigContext,
    login: { readonly clientCertificateData?: string },
): readonly [from: number, to: number] | undefined {
    const own = () => bytesOf(context, "the user", context.user, "client-certificate");
    const pem = login.clientCertificateData ?? own();
    if (pem === undefined) return undefined;
    const { validFrom, validTo } = new X509Certificate(pem);
    return [Date.parse(validFrom), Date.parse(validTo)];
}

/** A field's bytes: its base64 form `-data` before its file. */
function bytesOf<Field extends string>(
    { kubeconfig }: KubeconfigContext,
    owner: string,
    entry: { readonly [key in Field | `${Field}-data`]?: string },
    field: Field,
): Buffer | undefined {
    const data: string | undefined = entry[`${field}-data`];
    if (data) return Buffer.from(data, "base64");
    const file: string | undefined = entry[field];
    if (!file) return undefined;
    try {
        return readFileSync(file);
    } catch (error) {
        throw new UserError(
            `${kubeconfig} names a file in ${field} of ${owner} that cannot be read (${reasonOf(error)}); ` +
                "repair the kubeconfig or bring the file",
        );
    }
}

/** What TLS needs to meet a proxy. */
export function proxySecureContext(): SecureContext {
    return createSecureContext({ allowPartialTrustChain: true, ca: systemAuthorities() });
}

/** Node's own authorities, and those of the system, where companies put theirs. */
function systemAuthorities(): string[] {
    const files = [process.env.SSL_CERT_FILE ?? SYSTEM_BUNDLES.find(existsSync), process.env.NODE_EXTRA_CA_CERTS];
    return [
        ...rootCertificates,
        ...files.filter((file) => file && existsSync(file)).map((file) => readFileSync(file!, "utf8")),
    ];
}
