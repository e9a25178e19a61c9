import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { FORMER_KEYS } from "../../../config/formerKeys";
import { LEAVES } from "../../../config/tree";
import { configurationOf } from "../../support/settings";

const PROJECT = "istio-on-pulumi";

function load(values: Readonly<Record<string, unknown>>) {
    return loadSettings(configurationOf(values), PROJECT);
}

/** The lines of the error that these values make. */
function problems(values: Readonly<Record<string, unknown>>): string[] {
    try {
        load(values);
    } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return (error as Error).message.split("\n");
    }
    return [];
}

describe("an unknown setting", () => {
    it.each([
        ["gateway.nodeport", "gateway.nodePort"],
        ["gateway.nodePorts", "gateway.nodePort"],
        ["Gateway.nodePort", "gateway.nodePort"],
        ["addons.kialli.enabled", "addons.kiali.enabled"],
        ["addons.loki.storageclass", "addons.loki.storageClass"],
        ["kiali.serviceType", "addons.kiali.serviceType"],
        ["bundel", "bundle"],
        ["istios.tag", "istio.tag"],
        ["mtl.mode", "mtls.mode"],
        ["nodeHosts", "cluster.nodeHost"],
    ])("%s was probably meant to be %s", (path, meant) => {
        const flag = path.includes(".") ? "--path " : "";
        expect(problems({ [path]: "x" })).toEqual([
            `istio-on-pulumi:${path} is no setting of this project; did you mean ${meant}? ` +
                `Remove it with: pulumi config rm ${flag}${path}`,
        ]);
    });

    it("is answered with all settings of its group, or with all groups, where none is near", () => {
        expect(problems({ "mtls.something": "x", zipkins: "x" })).toEqual([
            "istio-on-pulumi:zipkins is no setting of this project; allowed: cluster, bundle, registry, namespaces, " +
                "gatewayApi, istio, mtls, bookinfo, gateway, addons, inspection. Remove it with: pulumi config rm zipkins",
            "istio-on-pulumi:mtls.something is no setting of this project; allowed: mtls.mode. " +
                "Remove it with: pulumi config rm --path mtls.something",
        ]);
    });

    it.each(["constructor", "toString", "__proto__"])(
        "%s is none, whatever every object of the language has, in a group neither",
        (key) => {
            const values = { [`${PROJECT}:${key}`]: "x", [`${PROJECT}:gateway`]: `{"${key}":"x"}` };
            expect(() => loadSettings(values, PROJECT)).toThrow(/^.*is no setting.*\n.*is no setting.*$/);
        },
    );
});

describe("a flat key of before the groups", () => {
    it.each(Object.entries(FORMER_KEYS).filter(([key]) => key !== "inspectionPrivateKey"))(
        "%s is refused with its new path, %s",
        (key, path) => {
            expect(LEAVES.map((leaf) => leaf.path)).toContain(path);
            expect(problems({ [key]: "a" })).toEqual([
                `istio-on-pulumi:${key} is ${path} now. ` +
                    `Move it with: pulumi config set --path ${path} a && pulumi config rm ${key}`,
            ]);
        },
    );

    it("is moved with its value, as a shell takes it, unless that is a secret or nothing", () => {
        expect(problems({ imageMirrors: '{"a":"b"}', context: "", inspectionPrivateKey: "hidden" })).toEqual([
            "istio-on-pulumi:imageMirrors is registry.mirrors now. " +
                'Move it with: pulumi config set --path registry.mirrors \'{"a":"b"}\' && pulumi config rm imageMirrors',
            "istio-on-pulumi:context is cluster.context now. " +
                "Move it with: pulumi config set --path cluster.context <value> && pulumi config rm context",
            "istio-on-pulumi:inspectionPrivateKey is inspection.privateKey now. Move it with: pulumi config set " +
                "--secret --path inspection.privateKey <value> && pulumi config rm inspectionPrivateKey",
        ]);
    });
});

describe("a group", () => {
    it("is an object", () => {
        expect(problems({ gateway: "NodePort" })).toEqual([
            'istio-on-pulumi:gateway is "NodePort"; allowed: an object with any of namespace, serviceType, nodePort, ' +
                "hostnames, tlsSecret. Remove it with: pulumi config rm gateway, and set one with: " +
                "pulumi config set --path gateway.namespace <value>",
        ]);
        expect(problems({ "addons.kiali": true })[0]).toMatch(
            /^istio-on-pulumi:addons\.kiali is true; allowed: an object with any of enabled, serviceType, /,
        );
    });

    it("that holds a secret is not shown", () => {
        expect(problems({ inspection: "-----BEGIN" })[0]).toMatch(
            /^istio-on-pulumi:inspection is no group of settings/,
        );
    });
});

describe("settings that contradict each other", () => {
    const clusterIp =
        'istio-on-pulumi:gateway.nodePort is 30080 while istio-on-pulumi:gateway.serviceType is "ClusterIP", ' +
        "which has no node ports; allowed with it: 0. Change it with: pulumi config rm --path gateway.nodePort";
    const taken =
        "istio-on-pulumi:addons.kiali.nodePort is 30080, which istio-on-pulumi:gateway.nodePort has already; " +
        "allowed: another port, or 0 for any. Change it with: pulumi config set --path addons.kiali.nodePort <value>";

    it("are a node port and a Service type without node ports", () => {
        expect(problems({ "gateway.nodePort": "30080", "gateway.serviceType": "ClusterIP" })).toEqual([clusterIp]);
    });

    it.each(["NodePort", "LoadBalancer"])("are not a node port and %s", (gatewayServiceType) => {
        expect(problems({ "gateway.nodePort": "30080", "gateway.serviceType": gatewayServiceType })).toEqual([]);
    });

    it("are a node port of Kiali and a Service of it without node ports", () => {
        const kiali =
            'istio-on-pulumi:addons.kiali.nodePort is 30080 while istio-on-pulumi:addons.kiali.serviceType is "ClusterIP", ' +
            "which has no node ports; allowed with it: 0. Change it with: pulumi config rm --path addons.kiali.nodePort";
        const values = { "addons.kiali.nodePort": "30080", "addons.kiali.serviceType": "ClusterIP" };
        expect(problems(values)).toEqual([kiali]);
        expect(problems({ ...values, "gateway.nodePort": "30080" })).toEqual([kiali]);
    });

    it("are the same node port twice", () => {
        expect(problems({ "gateway.nodePort": "30080", "addons.kiali.nodePort": "30080" })).toEqual([taken]);
    });

    it.each([
        ["different ports", { "gateway.nodePort": "30080", "addons.kiali.nodePort": "30081" }],
        ["two ports that Kubernetes chooses", { "gateway.nodePort": "0", "addons.kiali.nodePort": "0" }],
        [
            "the port of a Kiali that is switched off",
            { "gateway.nodePort": "30080", "addons.kiali.nodePort": "30080", "addons.kiali.enabled": "false" },
        ],
    ])("are not %s", (_, values) => {
        expect(problems(values)).toEqual([]);
    });

    it("are reported together", () => {
        expect(
            problems({
                "gateway.nodePort": "30080",
                "addons.kiali.nodePort": "30080",
                "gateway.serviceType": "ClusterIP",
            }),
        ).toEqual([clusterIp, taken]);
    });

    it("are a gateway's namespace and another's", () => {
        expect(problems({ "gateway.namespace": "istio-sample" })).toEqual([
            'istio-on-pulumi:gateway.namespace is "istio-sample", as istio-on-pulumi:bookinfo.namespace is; allowed: ' +
                "another namespace, or empty for Bookinfo's. " +
                "Change it with: pulumi config rm --path gateway.namespace",
        ]);
        expect(problems({ "gateway.namespace": "istio-sample", "bookinfo.enabled": false })).toEqual([]);
        expect(problems({ "gateway.namespace": "istio-system" })).toHaveLength(1);
        expect(problems({ "bookinfo.namespace": "istio-system" })).toHaveLength(1);
    });

    it("are namespaces of others that the stack does not use", () => {
        const others = (used: string) =>
            "istio-on-pulumi:namespaces.existing names istio-sample, which the stack does not use; " +
            `allowed: ${used}. Change it with: pulumi config set --path 'namespaces.existing[0]' <name>`;
        const values = { "namespaces.existing": ["istio-system", "istio-sample"], "bookinfo.enabled": false };
        expect(problems(values)).toEqual([others("istio-system")]);
        expect(problems({ ...values, "gateway.namespace": "ingress" })).toEqual([others("istio-system, ingress")]);
    });

    it.each([
        ["global.hub", { global: { hub: "a" } }, "istio.hub"],
        ["tag", { tag: "a" }, "istio.tag"],
        ["global.imagePullSecrets", { global: { imagePullSecrets: [] } }, "registry.pullSecrets"],
    ])("are the chart's value %s and a setting that other objects follow, too", (key, values, path) => {
        expect(problems({ "istio.values": values })).toEqual([
            `istio-on-pulumi:istio.values.${key} is set, which is istio-on-pulumi:${path} here; change it with: ` +
                `pulumi config set --path ${path} <value> and pulumi config rm --path istio.values.${key}`,
        ]);
    });

    it("are a revision, and objects that are named without one", () => {
        expect(problems({ "istio.values": { revision: "canary" } })).toEqual([
            "istio-on-pulumi:istio.values.revision is set, which is the stack's own; " +
                "change it with: pulumi config rm --path istio.values.revision",
        ]);
    });
});

describe("several problems", () => {
    it("are reported at once, a line each: unknown settings first, then the values in the order of the schema", () => {
        const found = problems({
            "addons.loki.storageSize": "much",
            zipkins: "x",
            "gateway.nodePort": "http",
            "addons.loki.enabled": "yes",
            "mtls.modes": "x",
            "cluster.nodeHost": "a b",
        });
        expect(found.map((line) => line.slice(0, line.indexOf(" is ")))).toEqual(
            [
                "zipkins",
                "mtls.modes",
                "cluster.nodeHost",
                "gateway.nodePort",
                "addons.loki.enabled",
                "addons.loki.storageSize",
            ].map((key) => `istio-on-pulumi:${key}`),
        );
    });

    it("hide contradictions, which may vanish with them", () => {
        expect(
            problems({ "gateway.nodePort": "30080", "gateway.serviceType": "ClusterIP", "addons.loki.enabled": "yes" }),
        ).toEqual([
            'istio-on-pulumi:addons.loki.enabled is "yes"; allowed: true or false. Change it with: pulumi config set --path addons.loki.enabled <value>',
        ]);
    });

    it("refuses an inspection over SSH without a host and its key", () => {
        const lacks = (key: string, allowed: string) =>
            `istio-on-pulumi:inspection.mode is "ssh" while istio-on-pulumi:${key} is ""; ` +
            `allowed with it: ${allowed}. Change it with: pulumi config set --path ${key} <value>`;
        const host = lacks("inspection.host", "a host name or an IP address");
        const hostKey = lacks(
            "inspection.hostKey",
            "a key type other than ssh-rsa and a key, such as ssh-ed25519 AAAA...",
        );
        expect(problems({ "inspection.mode": "ssh" })).toEqual([host, hostKey]);
        expect(problems({ "inspection.mode": "ssh", "inspection.host": "node-1" })).toEqual([hostKey]);
        expect(
            problems({
                "inspection.mode": "ssh",
                "inspection.host": "node-1",
                "inspection.hostKey": "ssh-ed25519 AAAA",
            }),
        ).toEqual([]);
        expect(problems({ "inspection.mode": "local" })).toEqual([]);
    });
});
