import type { V1Deployment } from "@kubernetes/client-node";
import {
    compareMinors,
    DEFAULT_ISTIO,
    GATEWAY_API_BUNDLE_VERSION,
    GATEWAY_API_GROUP,
    ISTIO_VERSIONS,
    istioRelease,
    minorOf,
    NEEDED_GATEWAY_API_CRDS,
    REVISION_LABEL,
} from "@istio-on-pulumi/kube";
import { counted, type Finding, listed, note, problem } from "../finding";
import { controlPlanes } from "../mesh/controlPlane";
import type { ClusterSnapshot } from "../snapshot/snapshot";
import { BEFORE, type Check, check, skipped } from "./check";
import { NODE_PORTS } from "./facts";
import { managersOf, type Prerequisites } from "./prerequisites";
import { checkRegistries } from "./registries";

export interface BeforeOptions {
    /** Node ports that an install is to use. */
    readonly nodePorts?: readonly number[];
    /**
     * Namespaces of an install that is there already: its own Services may have these ports, and others' pods are none
     * of its business.
     */
    readonly own?: ReadonlySet<string>;
    /** Which registries this machine reaches; `undefined` where that was not tried. */
    readonly reached?: Readonly<Record<string, boolean>>;
}

/** What would block an install, and who already owns what it would make. */
export function checkBefore(before: Prerequisites, snapshot: ClusterSnapshot, options: BeforeOptions = {}): Check[] {
    return [
        checkVersion(before.version, istioIn(snapshot)),
        checkPermissions(before.denied, snapshot),
        checkIstio(before, snapshot.deployments, options.own),
        checkGatewayApi(before),
        checkStorage(before, snapshot, options.own),
        checkRegistries(snapshot.pods, options.reached, options.own),
        checkNodePorts(snapshot, options.nodePorts ?? [], options.own ?? new Set()),
    ];
}

/** The release of Istio that the cluster has, if it is a locked one; else the default, which an install would have. */
function istioIn(snapshot: ClusterSnapshot): string {
    const found = controlPlanes(snapshot).find(({ version = "" }) => ISTIO_VERSIONS.includes(version));
    return found?.version ?? DEFAULT_ISTIO;
}

function checkVersion(version: string, istio: string): Check {
    const minor = minorOf(version);
    const [oldest = "", newest = ""] = istioRelease(istio).kubernetes;
    const findings: Finding[] = [];
    if (minor !== undefined && compareMinors(minor, oldest) < 0) {
        findings.push(
            problem(
                "before/version",
                version,
                `The API server is ${version}, but Istio ${minorOf(istio)} needs Kubernetes ` +
                    `${oldest} or newer; upgrade the cluster first.`,
            ),
        );
    } else if (minor !== undefined && compareMinors(minor, newest) > 0) {
        findings.push(
            note(
                "before/version",
                version,
                `The API server is ${version}, newer than the Kubernetes ${newest} that Istio ` +
                    `${minorOf(istio)} was tested with.`,
            ),
        );
    }
    return check("before/version", BEFORE, "API server", version, findings);
}

/** Who looks at an install that is there need not be able to make one. */
function checkPermissions(denied: readonly string[], snapshot: ClusterSnapshot): Check {
    if (denied.length > 0 && controlPlanes(snapshot).length > 0) {
        return skipped(
            "before/permissions",
            BEFORE,
            "Permissions",
            "Istio is there, and this user may not install one",
        );
    }
    const sentence =
        `This user may not ${listed(denied, 6)}, which an install does; use a kubeconfig whose ` +
        "user may, such as cluster-admin.";
    const findings = denied.length === 0 ? [] : [problem("before/permissions", "this user", sentence)];
    return check(
        "before/permissions",
        BEFORE,
        "Permissions",
        denied.length === 0
            ? "this user may make all that an install makes"
            : `${counted(denied.length, "permission")} lacking`,
        findings,
    );
}

/** Managers of what the project itself installs: the field manager of its stacks, and that of a Pulumi provider. */
const PROJECT = /^(istio-on-pulumi$|pulumi)/;

/** The name by which an object says who owns it: a Helm release, or who applied it. */
function ownerOf(
    labels: Readonly<Record<string, string>>,
    annotations: Readonly<Record<string, string>>,
    managers: readonly string[],
): string {
    const release = annotations["meta.helm.sh/release-name"];
    if (release !== undefined) return `Helm release ${annotations["meta.helm.sh/release-namespace"] ?? ""}/${release}`;
    if (labels["operator.istio.io/managed"] !== undefined || managers.includes("istio-operator"))
        return "istioctl install";
    return managers.length > 0
        ? listed(managers.map((manager) => manager.replace(/^pulumi-kubernetes(-[0-9a-f]+)?$/, "pulumi")))
        : "nobody named";
}

function checkIstio(
    { crds }: Prerequisites,
    deployments: readonly V1Deployment[],
    own: ReadonlySet<string> | undefined,
): Check {
    const planes = deployments.filter(({ metadata }) => metadata?.labels?.app === "istiod");
    const istioCrds = crds?.filter(({ name }) => !name.endsWith(GATEWAY_API_GROUP)) ?? [];
    const owners = planes.map(
        ({ metadata }) =>
            `${metadata?.namespace}/${metadata?.name} of ` +
            `${ownerOf(metadata?.labels ?? {}, metadata?.annotations ?? {}, managersOf(metadata))}`,
    );
    const crdOwners = [
        ...new Set(istioCrds.map(({ labels, annotations, managers }) => ownerOf(labels, annotations, managers))),
    ];
    const revisions = planes.map(({ metadata }) => metadata?.labels?.[REVISION_LABEL] ?? "default");
    const findings: Finding[] = [];
    const twice = revisions.find((revision, at) => revisions.indexOf(revision) !== at);
    // Two of other teams are theirs to sort out.
    const mine = planes.some(({ metadata }, at) => revisions[at] === twice && own?.has(metadata?.namespace ?? ""));
    if (twice !== undefined)
        findings.push(
            (own === undefined || mine ? problem : note)(
                "before/two-control-planes",
                twice,
                `Two control planes serve the revision ${JSON.stringify(twice)} (${listed(owners)}), so which ` +
                    "one injects and configures a pod is left to chance; give one of them another revision, or " +
                    "remove it.",
            ),
        );
    const others = planes.filter(({ metadata }) => !managersOf(metadata).some((manager) => PROJECT.test(manager)));
    for (const { metadata } of others) {
        findings.push(
            note(
                "before/istio",
                `${metadata?.namespace}/${metadata?.name}`,
                `There is an Istio already: ${metadata?.namespace}/${metadata?.name} of ` +
                    `${ownerOf(metadata?.labels ?? {}, metadata?.annotations ?? {}, managersOf(metadata))}; an ` +
                    "install into the same namespace meets its objects, so remove it first or choose another cluster.",
            ),
        );
    }
    const parts = [
        owners.length > 0 ? `istiod ${listed(owners)}` : "none installed",
        istioCrds.length > 0 ? `${istioCrds.length} CRDs of ${listed(crdOwners)}` : "no CRDs",
    ];
    return check("before/istio", BEFORE, "Istio", parts.join("; "), findings);
}

function checkGatewayApi({ crds }: Prerequisites): Check {
    if (!crds) return skipped("before/gateway-api", BEFORE, "Gateway API", "this user may not read CRDs");
    const own = crds.filter(({ name }) => name.endsWith(`.${GATEWAY_API_GROUP}`));
    if (own.length === 0)
        return check("before/gateway-api", BEFORE, "Gateway API", "not installed; an install brings it");
    const versions = [
        ...new Set(
            own
                .map(({ annotations }) => annotations[GATEWAY_API_BUNDLE_VERSION])
                .filter((version) => version !== undefined),
        ),
    ];
    const owners = [...new Set(own.map(({ labels, annotations, managers }) => ownerOf(labels, annotations, managers)))];
    const missing = NEEDED_GATEWAY_API_CRDS.filter(
        (name) => !own.some((crd) => crd.name === name && crd.served.includes("v1")),
    );
    const findings: Finding[] = [];
    if (missing.length > 0)
        findings.push(
            problem(
                "before/gateway-api",
                listed(missing),
                `The cluster has CRDs of the Gateway API (of ${listed(owners)}), but ${listed(missing)} ` +
                    `${missing.length === 1 ? "is" : "are"} not served at v1; bring the Gateway API to v1.0 or newer.`,
            ),
        );
    if (versions.length > 1)
        findings.push(
            problem(
                "before/gateway-api-mixed",
                listed(versions),
                `The CRDs of the Gateway API are of different versions (${listed(versions)}); apply one ` +
                    "version's bundle as a whole.",
            ),
        );
    return check(
        "before/gateway-api",
        BEFORE,
        "Gateway API",
        `${own.length} CRDs${versions.length > 0 ? ` of ${listed(versions)}` : ""}, of ${listed(owners)}`,
        findings,
    );
}

/** An install without Loki needs no storage class; before one, whether Loki is left out is not known. */
function checkStorage(
    { storageClasses }: Prerequisites,
    { pods, deployments }: ClusterSnapshot,
    own: ReadonlySet<string> | undefined,
): Check {
    if (!storageClasses)
        return skipped("before/storage", BEFORE, "Storage class", "this user may not read storage classes");
    const defaults = storageClasses.filter(({ isDefault }) => isDefault).map(({ name }) => name);
    const findings: Finding[] = [];
    const loki = pods.filter(
        ({ metadata }) =>
            metadata?.labels?.["app.kubernetes.io/name"] === "loki" && (own?.has(metadata.namespace ?? "") ?? true),
    );
    const claims = loki.some(({ status }) => status?.phase === "Running");
    const installed = deployments.some(
        ({ metadata }) => metadata?.labels?.app === "istiod" && own?.has(metadata.namespace ?? ""),
    );
    const leftOut = installed && loki.length === 0;
    if (defaults.length === 0 && !claims && !leftOut) {
        const others =
            storageClasses.length === 0
                ? "it has none at all"
                : `it has: ${storageClasses.map(({ name }) => name).join(", ")}`;
        findings.push(
            problem(
                "before/storage",
                "storage class",
                `The cluster has no default storage class (${others}), so Loki's volume claim stays pending; ` +
                    "name a class for Loki, make one the default, or leave Loki out.",
            ),
        );
    }
    if (defaults.length > 1)
        findings.push(
            note(
                "before/storage",
                "storage class",
                `The cluster has ${defaults.length} default storage classes (${listed(defaults)}); the newest ` +
                    "one is taken.",
            ),
        );
    return check(
        "before/storage",
        BEFORE,
        "Storage class",
        defaults.length > 0 ? `default ${listed(defaults)}` : `no default${leftOut ? ", and no Loki to need one" : ""}`,
        findings,
    );
}

function checkNodePorts({ services }: ClusterSnapshot, wanted: readonly number[], own: ReadonlySet<string>): Check {
    const taken = services.flatMap(({ metadata, spec }) =>
        (spec?.ports ?? [])
            .filter(({ nodePort }) => nodePort)
            .map(({ nodePort }) => ({
                port: nodePort!,
                namespace: metadata?.namespace ?? "",
                by: `${metadata?.namespace}/${metadata?.name}`,
            })),
    );
    const findings = wanted.flatMap((port) => {
        const by = taken.filter((each) => each.port === port && !own.has(each.namespace)).map((each) => each.by);
        return by.length === 0
            ? []
            : [
                  problem(
                      "before/node-port",
                      String(port),
                      `The node port ${port} is taken by ${listed(by)}; choose another one, or change that Service.`,
                  ),
              ];
    });
    const [first, last] = NODE_PORTS;
    const sorted = taken.toSorted((a, b) => a.port - b.port).map(({ port, by }) => `${port} ${by}`);
    return check(
        "before/node-ports",
        BEFORE,
        "Node ports",
        taken.length === 0 ? `none of ${first}-${last} taken` : `taken: ${listed(sorted, 6)}`,
        findings,
    );
}
