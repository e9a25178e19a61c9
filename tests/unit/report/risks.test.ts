import { describe, expect, it } from "vitest";
import { risksOf } from "../../../report/risks";
import { changesIn, named, replaced, same, sentences, workload } from "../../support/engine-events";

const DEPLOYMENT = "apps/v1:Deployment";
const CONFIG_MAP = "core/v1:ConfigMap";
const SERVICE = "core/v1:Service";
const NAMESPACE = "core/v1:Namespace";
const CRD = "apiextensions.k8s.io/v1:CustomResourceDefinition";
const WEBHOOK = "admissionregistration.k8s.io/v1:MutatingWebhookConfiguration";
const GATEWAY = "gateway.networking.k8s.io/v1:Gateway";
const RELEASE = "helm.sh/v3:Release";
const INJECTED = { metadata: { labels: { "istio-injection": "enabled" } } };

describe("deletion and replacement", () => {
    it("of a namespace takes along what others have in it", () => {
        const rename = replaced({
            type: NAMESPACE,
            name: "namespace",
            before: named("shop", {}, ""),
            after: named("books", {}, ""),
            keys: ["metadata.name"],
        });
        expect(sentences(...rename, same(SERVICE, named("a")), same(SERVICE, named("b", {}, "other")))).toEqual([
            "danger: Namespace shop is deleted with all that is in it: 1 object of this stack, and whatever others have " +
                "put there, and books is made instead, since metadata.name cannot be changed in place.",
        ]);
        expect(sentences({ type: NAMESPACE, before: named("shop", {}, "") })[0]).toMatch(
            /^danger: Namespace shop is deleted with all .* 0 objects .*, since the program has it no longer\.$/,
        );
    });

    it("of what only patches a namespace deletes none", () => {
        const patch = { type: `${NAMESPACE}Patch`, before: named("theirs", {}, "") };
        expect(sentences(patch).join()).not.toContain("all that is in it");
    });

    it("of a CRD takes along every object of its kind, unless it stays", () => {
        const crd = { type: CRD, before: named("gateways.x", {}, "") };
        expect(sentences(crd)).toEqual([
            "danger: 1 CRD (gateways.x) is deleted, and with them every object of their kinds in the whole cluster, whoever made it.",
        ]);
        expect(sentences({ ...crd, stays: true })).toEqual([
            "note: 1 CRD (gateways.x) stay in the cluster: the stack only lets go of them.",
        ]);
        expect(sentences({ ...crd, after: named("gateways.x", { spec: 1 }, "") })[0]).toMatch(
            /^caution: 1 CRD .* changes in place/,
        );
    });

    it("of a Helm release is told with its CRDs", () => {
        const release = { type: RELEASE, name: "base", before: { version: "1.25.1" } };
        expect(sentences({ ...release, after: { version: "1.25.3" } })).toEqual([
            expect.stringMatching(/^caution: The Helm release base, .* upgraded in place/),
        ]);
        expect(sentences(release)).toEqual([expect.stringMatching(/^danger: The Helm release base is uninstalled/)]);
    });

    it("of a webhook says what happens without it", () => {
        const webhook = { type: WEBHOOK, before: named("injector", { a: 1 }, "") };
        expect(sentences(webhook)).toEqual([
            "danger: The webhook injector is deleted: from then on pods that start get no sidecar.",
        ]);
        expect(sentences(...replaced({ ...webhook, after: named("injector", { a: 2 }, ""), keys: ["a"] }))).toEqual([
            "danger: The webhook injector is replaced, since a cannot be changed in place: for the seconds until the new one is " +
                "there and istiod has written its certificate into it pods that start get no sidecar.",
        ]);
        expect(sentences({ ...webhook, after: named("injector", { a: 2 }, "") })).toEqual([
            expect.stringMatching(/^caution: 1 webhook \(injector\) changes in place/),
        ]);
    });

    it("of anything else is told with its reason, and a replacement with its order", () => {
        expect(
            sentences({ type: CONFIG_MAP, before: named("a") }, { type: CONFIG_MAP, before: named("b"), stays: true }),
        ).toEqual(["caution: ConfigMap shop/a is deleted, since the program has it no longer."]);
        const claim = { type: "batch/v1:Job", before: named("j", { a: 1 }), after: named("j", { a: 2 }), keys: ["a"] };
        expect(sentences(...replaced(claim))).toEqual([
            "danger: Job shop/j is replaced, since a cannot be changed in place: the old one goes before the new one comes.",
        ]);
        expect(sentences(...replaced(claim, "create-replacement", "replace", "delete-replaced"))[0]).toContain(
            "the old one goes when the new one is there",
        );
    });

    it("of the provider is another cluster", () => {
        const provider = {
            type: ":pulumi:providers:kubernetes",
            name: "cluster",
            before: { context: "a" },
            after: { context: "b" },
        };
        expect(sentences(...replaced(provider))[0]).toMatch(/^danger: The stack goes to another cluster/);
    });
});

describe("restarts", () => {
    it("names which pods and why, those of one reason together, and none for what is not in the pods", () => {
        expect(
            sentences(
                { type: DEPLOYMENT, before: workload("a", "r:1.1.0"), after: workload("a", "r:1.2.0") },
                { type: "apps/v1:StatefulSet", before: workload("b", "s:1.1.0"), after: workload("b", "s:1.2.0") },
                { type: DEPLOYMENT, before: workload("c", "r:1"), after: workload("c", "r:1", {}, { nodeName: "x" }) },
                { type: DEPLOYMENT, before: workload("d", "r:1"), after: workload("d", "r:1", { replicas: 2 }) },
                { type: DEPLOYMENT, before: workload("e", "old/r:1"), after: workload("e", "new/r:1") },
            ),
        ).toEqual([
            "caution: The pods of a and b are restarted, since their image goes from 1.1.0 to 1.2.0.",
            "caution: The pods of c are restarted, since their pods' nodeName is another.",
            "caution: The pods of e are restarted, since their image goes from old/r:1 to new/r:1.",
        ]);
    });

    const injector = (tag: string): object =>
        named(
            "istio-sidecar-injector",
            { data: { values: JSON.stringify({ global: { hub: "h", tag } }) } },
            "istio-system",
        );
    const proxy = { type: CONFIG_MAP, before: injector("1.25.1") as never, after: injector("1.25.3") as never };

    it("a changed proxy image restarts the gateway alone, and leaves sidecars behind", () => {
        expect(
            sentences(
                proxy,
                same(NAMESPACE, named("shop", INJECTED, "")),
                same(DEPLOYMENT, workload("left", "r:1")),
                same(DEPLOYMENT, workload("outside", "r:1", {}, {}, "other")),
                { type: DEPLOYMENT, before: workload("renewed", "r:1"), after: workload("renewed", "r:2") },
                same(GATEWAY, named("gate")),
            ),
        ).toEqual([
            "caution: Sidecars stay at 1.25.1 until their pods are renewed (kubectl rollout restart): those of left, and those of " +
                "every other namespace with injection; a pod that starts from then on gets 1.25.3.",
            expect.stringContaining("The pods of renewed are restarted"),
            expect.stringContaining("The gateway gate is restarted"),
        ]);
        expect(sentences({ ...proxy, after: proxy.before })).toEqual([]);
    });

    it("says whether istiod's webhooks have an answer meanwhile", () => {
        const istiod = (tag: string, more: object) =>
            workload("istiod", `pilot:${tag}`, more as never, {}, "istio-system");
        const restart = (more: object) =>
            sentences({ type: DEPLOYMENT, before: istiod("1.25.1", more), after: istiod("1.25.3", more) }).at(-1);
        expect(restart({})).toMatch(/^note: The webhooks of istiod are answered all the time/);
        expect(restart({ strategy: { rollingUpdate: { maxUnavailable: "25%" } } })).toMatch(/^note: /);
        expect(restart({ strategy: { rollingUpdate: { maxUnavailable: 1 } } })).toMatch(
            /For the seconds of the restart/,
        );
        expect(restart({ strategy: { rollingUpdate: { maxUnavailable: 1 } }, replicas: 2 })).toMatch(/^note: /);
        expect(restart({ strategy: { type: "Recreate" } })).toMatch(/For the seconds of the restart/);
    });

    it("injection that is switched is told, for it changes no running pod", () => {
        const namespace = { type: NAMESPACE, before: named("shop", {}, ""), after: named("shop", INJECTED, "") };
        expect(sentences(namespace)[0]).toMatch(
            /^caution: Injection is switched on in namespace shop: its running pods have no/,
        );
        expect(sentences({ ...namespace, before: namespace.after, after: namespace.before })[0]).toMatch(
            /switched off .* left behind/,
        );
    });

    it("a control plane that goes leaves sidecars behind", () => {
        expect(sentences({ type: DEPLOYMENT, before: workload("istiod", "pilot:1") })[0]).toMatch(
            /^danger: The control plane is deleted/,
        );
    });
});

describe("data", () => {
    it("goes with a claim", () => {
        const claim = { type: "core/v1:PersistentVolumeClaim", before: named("storage-loki-0") };
        expect(sentences(claim)).toEqual([
            "danger: 1 claim (storage-loki-0) is deleted, and with it the data of its volume, where the class does not retain it.",
        ]);
        expect(sentences({ ...claim, after: named("storage-loki-0", { spec: 1 }) })).toEqual([]);
    });

    it("goes with a restart of an addon without a volume", () => {
        const restart = (name: string, pod: object = {}) =>
            sentences({
                type: DEPLOYMENT,
                before: workload(name, "r:1.0", {}, pod as never),
                after: workload(name, "r:1.1", {}, pod as never),
            });
        expect(restart("jaeger")).toContain("caution: jaeger loses its traces: it has no volume, and its pod goes.");
        expect(restart("prometheus")).toContain(
            "caution: prometheus loses its metrics: it has no volume, and its pod goes.",
        );
        const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "prometheus" } }];
        expect(restart("prometheus", { volumes }).join()).not.toContain("loses");
        expect(restart("productpage-v1").join()).not.toContain("loses");
    });

    it("goes with a shorter retention", () => {
        const addons = (from: string | undefined, to: string | undefined) =>
            sentences({
                type: ":istio-on-pulumi:index:Addons",
                isComponent: true,
                name: "addons",
                before: { loki: { retention: from } },
                after: { loki: { retention: to } },
            });
        expect(addons("30d", "1w")).toEqual([
            "caution: loki deletes what is older than 1w, which is shorter than 30d.",
        ]);
        expect(addons(undefined, "30d")).toHaveLength(1);
        expect(addons("36h", "2d")).toEqual([]);
        expect(addons("2d", undefined)).toEqual([]);
    });
});

describe("versions", () => {
    const istiod = (from: string, to: string) =>
        sentences({
            type: DEPLOYMENT,
            before: workload("istiod", `pilot:${from}`),
            after: workload("istiod", `pilot:${to}`),
        });
    const told = (from: string, to: string) => istiod(from, to).filter((text) => /back|skip|more than one/.test(text));

    it("tells a downgrade, and an upgrade of Istio by more than one minor release", () => {
        expect(told("1.25.1", "1.25.3")).toEqual([]);
        expect(told("1.25.1", "1.26.0-distroless")).toEqual([]);
        expect(told("1.25.3", "1.25.1")[0]).toMatch(
            /^danger: istiod goes back from 1\.25\.3 to 1\.25\.1: Istio supports no/,
        );
        expect(told("1.24.0", "1.26.0")[0]).toMatch(
            /^danger: istiod goes from 1\.24\.0 to 1\.26\.0, by more than one minor/,
        );
        expect(told("1.9.0", "1.10.0")).toEqual([]);
        expect(told("latest", "1.25.1")).toEqual([]);
    });

    it("tells a downgrade of anything else with less alarm, and no skipped release", () => {
        const app = (from: string, to: string) =>
            sentences({
                type: DEPLOYMENT,
                before: workload("app", `host:5000/app:${from}`),
                after: workload("app", `host:5000/app:${to}`),
            });
        expect(app("1.20.2", "1.20.1")[0]).toBe("caution: app goes back from 1.20.2 to 1.20.1, a downgrade.");
        expect(app("1.20.2", "1.24.0")).toHaveLength(1);
    });

    it("reads the release of the charts, too", () => {
        const [first] = sentences({
            type: RELEASE,
            name: "base",
            before: { version: "1.25.1" },
            after: { version: "1.24.1" },
        });
        expect(first).toMatch(/^danger: base goes back/);
    });
});

it("puts the worst first, and makes a sentence of each", () => {
    const risks = risksOf(
        changesIn([
            { type: SERVICE, before: named("s", { spec: { type: "NodePort" } }), after: named("s", { spec: {} }) },
            { type: DEPLOYMENT, before: workload("a", "r:1.0"), after: workload("a", "r:1.1") },
            { type: NAMESPACE, before: named("n", {}, "") },
        ]),
    );
    expect(risks.map(({ level }) => level)).toEqual(["danger", "caution", "note"]);
    for (const { sentence } of risks) expect(sentence).toMatch(/^[A-Za-z].*[^.]\.$/);
});
