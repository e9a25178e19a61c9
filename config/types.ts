import { z } from "zod";

/** An RFC 1123 label: the names of namespaces. */
export const dnsLabel = z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
/** An RFC 1123 subdomain: the names of most objects, and host names. */
export const dnsName = z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
/** A host name of a Gateway API listener: its first label may be a wildcard. */
export const hostname = z
    .string()
    .max(253)
    .regex(/^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
/** A host as it stands in a URL: a DNS name, an IPv4 address or an IPv6 address. */
export const host = z.union([z.hostname(), z.ipv4(), z.ipv6()]);
/** A registry, with or without a path, such as `docker.io` or `registry.local:5000/mirror`. */
export const registry = z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/);
/** A registry with a path and no tag, such as `docker.io/istio`. The path is needed: image names are appended to it. */
export const repository = z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+$/);
/** What is allowed of one, in words. */
export const REPOSITORY = "a registry with a path, without a tag";
export const imageTag = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
/** A Kubernetes quantity of bytes. */
export const quantity = z.string().regex(/^[1-9]\d*(\.\d+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$/);
/** A time as Prometheus and Loki both write it. */
export const duration = z.string().regex(/^[1-9]\d*[hdw]$/);
/** As ssh-keygen and openssl write one, whole; with its line breaks. */
export const privateKey = z
    .string()
    .regex(/^-----BEGIN ([A-Z0-9 ]+ )?PRIVATE KEY-----\r?\n[\s\S]+\n-----END \1PRIVATE KEY-----\s*$/);
/** With a key of type ssh-rsa the plugin asks for signatures by SHA-1, which no server of today gives. */
export const hostKey = z.string().regex(/^(?!ssh-rsa )[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$/);
export const userName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/);
/** Key of a label or annotation: a name, before it a domain and a slash if wanted. */
const metadataKey = z
    .string()
    .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
export const labels = z.record(metadataKey, z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/));
export const annotations = z.record(metadataKey, z.string());
