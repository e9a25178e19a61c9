import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_SERVICE_IP, NODE_IP, NODE_NAME } from "./addresses";

/** One certificate of the lab: who it is for and what it may be used for. */
interface Leaf {
    readonly commonName: string;
    readonly organization?: string;
    readonly usage: "serverAuth" | "clientAuth" | "serverAuth,clientAuth";
    readonly names?: readonly string[];
}

const SERVICE_NAMES = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/** Common name by which the node knows the API server. */
export const KUBELET_CLIENT = "kube-apiserver-kubelet-client";

/** Every certificate, by file name. Groups and users are those that Kubernetes' default RBAC roles are bound to. */
const LEAVES = {
    "kube-apiserver": {
        commonName: "kube-apiserver",
        usage: "serverAuth",
        names: [
            ...SERVICE_NAMES.map((name) => `DNS:${name}`),
            "DNS:localhost",
            `IP:${NODE_IP}`,
            `IP:${API_SERVICE_IP}`,
            "IP:127.0.0.1",
        ],
    },
    etcd: { commonName: "etcd", usage: "serverAuth,clientAuth", names: ["DNS:localhost", "IP:127.0.0.1"] },
    loopback: { commonName: "loopback", usage: "serverAuth", names: ["DNS:localhost", "IP:127.0.0.1"] },
    "etcd-client": { commonName: "kube-apiserver", usage: "clientAuth" },
    kubelet: {
        commonName: `system:node:${NODE_NAME}`,
        organization: "system:nodes",
        usage: "serverAuth",
        names: [`IP:${NODE_IP}`],
    },
    "kubelet-client": { commonName: KUBELET_CLIENT, usage: "clientAuth" },
    "front-proxy-client": { commonName: "front-proxy-client", usage: "clientAuth" },
    admin: { commonName: "lab-admin", organization: "system:masters", usage: "clientAuth" },
    "controller-manager": { commonName: "system:kube-controller-manager", usage: "clientAuth" },
    scheduler: { commonName: "system:kube-scheduler", usage: "clientAuth" },
    proxy: { commonName: "system:kube-proxy", usage: "clientAuth" },
    node: { commonName: `system:node:${NODE_NAME}`, organization: "system:nodes", usage: "clientAuth" },
    kwok: { commonName: "lab-kwok", usage: "clientAuth" },
    dns: { commonName: "lab-dns", usage: "clientAuth" },
    volumes: { commonName: "lab-volume-provisioner", usage: "clientAuth" },
} satisfies Record<string, Leaf>;

/** Name of a certificate of the lab. */
export type LeafName = keyof typeof LEAVES;

const DAYS = "3650";
const KEEP_DAYS = 30;

/** The lab's certificates: one authority, known to nobody else, and a certificate for each part and client. */
export class Pki {
    private constructor(private readonly dir: string) {}

    /** Opens the certificates in a directory; makes all of them anew if one is missing or expires within 30 days. */
    static open(dir: string): Pki {
        const pki = new Pki(dir);
        if (!pki.complete()) pki.create();
        return pki;
    }

    readonly file = (name: LeafName | "ca" | "service-account", kind: "crt" | "key" | "pub") =>
        join(this.dir, `${name}.${kind}`);

    /** Certificate or key as PEM. */
    pem(name: LeafName | "ca", kind: "crt" | "key"): string {
        return readFileSync(this.file(name, kind), "utf8");
    }

    private complete(): boolean {
        const keys = [...Object.keys(LEAVES), "ca"] as (LeafName | "ca")[];
        return (
            existsSync(this.file("service-account", "key")) &&
            keys.every((name) => isUsable(this.file(name, "crt"), this.file(name, "key")))
        );
    }

    private create(): void {
        rmSync(this.dir, { recursive: true, force: true });
        mkdirSync(this.dir, { recursive: true, mode: 0o700 });
        this.request("ca", "/CN=lab-ca", [
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ]);
        for (const [name, leaf] of Object.entries(LEAVES) as [LeafName, Leaf][]) {
            const subject = `${leaf.organization ? `/O=${leaf.organization}` : ""}/CN=${leaf.commonName}`;
            const extensions = [
                "basicConstraints=critical,CA:FALSE",
                "keyUsage=critical,digitalSignature",
                `extendedKeyUsage=${leaf.usage}`,
            ];
            if (leaf.names) extensions.push(`subjectAltName=${leaf.names.join(",")}`);
            this.request(name, subject, [
                "-CA",
                this.file("ca", "crt"),
                "-CAkey",
                this.file("ca", "key"),
                ...extensions.flatMap((extension) => ["-addext", extension]),
            ]);
        }
        const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        writeFileSync(this.file("service-account", "pub"), publicKey.export({ type: "spki", format: "pem" }));
        // Last: its presence says that the others are there.
        writeFileSync(this.file("service-account", "key"), privateKey.export({ type: "pkcs1", format: "pem" }), {
            mode: 0o600,
        });
    }

    private request(name: LeafName | "ca", subject: string, options: string[]): void {
        const key = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-noenc",
            "-keyout",
            this.file(name, "key"),
        ];
        execFileSync(
            "openssl",
            ["req", "-x509", ...key, "-out", this.file(name, "crt"), "-days", DAYS, "-subj", subject, ...options],
            { stdio: ["ignore", "ignore", "pipe"] },
        );
    }
}

function isUsable(certificateFile: string, keyFile: string): boolean {
    try {
        const certificate = new X509Certificate(readFileSync(certificateFile));
        const left = Date.parse(certificate.validTo) - Date.now();
        return left > KEEP_DAYS * 86_400_000 && certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)));
    } catch {
        return false;
    }
}
