import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { settings } from "../../../config/schema";

const PROJECT = "istio-on-pulumi";

function load(values: Readonly<Record<string, string>>) {
    return loadSettings(
        Object.fromEntries(Object.entries(values).map(([key, text]) => [`${PROJECT}:${key}`, text])),
        PROJECT,
    );
}

/** The lines of the error that these values make. */
function problems(values: Readonly<Record<string, string>>): string[] {
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
        ["Kiali", "kiali"],
        ["KUBECONFIG", "kubeconfig"],
        ["lokiStorageclass", "lokiStorageClass"],
        ["kialiNodeport", "kialiNodePort"],
        ["grafanna", "grafana"],
        ["istioTga", "istioTag"],
        ["bundel", "bundle"],
        ["nodehosts", "nodeHost"],
    ])("%s was probably meant to be %s", (key, meant) => {
        expect(problems({ [key]: "x" })).toEqual([
            `istio-on-pulumi:${key} is no setting of this project; did you mean ${meant}? ` +
                `Remove it with: pulumi config rm ${key}`,
        ]);
    });

    it.each(["zipkin", "lokiReplicas", "istioVersion"])("%s is answered with all that are known", (key) => {
        const known = Object.keys(settings).join(", ");
        expect(problems({ [key]: "x" })).toEqual([
            `istio-on-pulumi:${key} is no setting of this project; allowed: ${known}. ` +
                `Remove it with: pulumi config rm ${key}`,
        ]);
    });

    it.each(["constructor", "toString", "__proto__"])(
        "%s is none, whatever every object of the language has",
        (key) => {
            expect(problems({ [key]: "x" })).toHaveLength(1);
        },
    );
});

describe("settings that contradict each other", () => {
    const clusterIp =
        'istio-on-pulumi:gatewayNodePort is "30080" while istio-on-pulumi:gatewayServiceType is "ClusterIP", ' +
        "which has no node ports; allowed with it: 0. Change it with: pulumi config rm gatewayNodePort";
    const taken =
        'istio-on-pulumi:kialiNodePort is "30080", which istio-on-pulumi:gatewayNodePort has already; ' +
        "allowed: another port, or 0 for any. Change it with: pulumi config set kialiNodePort <value>";

    it("are a node port and a Service type without node ports", () => {
        expect(problems({ gatewayNodePort: "30080", gatewayServiceType: "ClusterIP" })).toEqual([clusterIp]);
    });

    it.each(["NodePort", "LoadBalancer"])("are not a node port and %s", (gatewayServiceType) => {
        expect(problems({ gatewayNodePort: "30080", gatewayServiceType })).toEqual([]);
    });

    it("are a node port of Kiali and a Service of it without node ports", () => {
        const kiali =
            'istio-on-pulumi:kialiNodePort is "30080" while istio-on-pulumi:kialiServiceType is "ClusterIP", ' +
            "which has no node ports; allowed with it: 0. Change it with: pulumi config rm kialiNodePort";
        const values = { kialiNodePort: "30080", kialiServiceType: "ClusterIP" };
        expect(problems(values)).toEqual([kiali]);
        expect(problems({ ...values, gatewayNodePort: "30080" })).toEqual([kiali]);
    });

    it("are the same node port twice", () => {
        expect(problems({ gatewayNodePort: "30080", kialiNodePort: "30080" })).toEqual([taken]);
    });

    it.each([
        ["different ports", { gatewayNodePort: "30080", kialiNodePort: "30081" }],
        ["two ports that Kubernetes chooses", { gatewayNodePort: "0", kialiNodePort: "0" }],
        [
            "the port of a Kiali that is switched off",
            { gatewayNodePort: "30080", kialiNodePort: "30080", kiali: "false" },
        ],
    ])("are not %s", (_, values) => {
        expect(problems(values)).toEqual([]);
    });

    it("are reported together", () => {
        expect(problems({ gatewayNodePort: "30080", kialiNodePort: "30080", gatewayServiceType: "ClusterIP" })).toEqual(
            [clusterIp, taken],
        );
    });
});

describe("several problems", () => {
    it("are reported at once, a line each: unknown settings first, then the values in the order of the schema", () => {
        const found = problems({
            lokiStorageSize: "much",
            zipkins: "x",
            gatewayNodePort: "http",
            loki: "yes",
            Kiali: "true",
            nodeHost: "a b",
        });
        expect(found.map((line) => line.slice(0, line.indexOf(" is ")))).toEqual(
            ["zipkins", "Kiali", "nodeHost", "gatewayNodePort", "loki", "lokiStorageSize"].map(
                (key) => `istio-on-pulumi:${key}`,
            ),
        );
    });

    it("hide contradictions, which may vanish with them", () => {
        expect(problems({ gatewayNodePort: "30080", gatewayServiceType: "ClusterIP", loki: "yes" })).toEqual([
            'istio-on-pulumi:loki is "yes"; allowed: true or false. Change it with: pulumi config set loki <value>',
        ]);
    });

    it("refuses an inspection over SSH without a host and its key", () => {
        const lacks = (key: string, allowed: string) =>
            `istio-on-pulumi:meshInspection is "ssh" while istio-on-pulumi:${key} is ""; ` +
            `allowed with it: ${allowed}. Change it with: pulumi config set ${key} <value>`;
        const host = lacks("inspectionHost", "a host name or an IP address");
        const hostKey = lacks(
            "inspectionHostKey",
            "a key type other than ssh-rsa and a key, such as ssh-ed25519 AAAA...",
        );
        expect(problems({ meshInspection: "ssh" })).toEqual([host, hostKey]);
        expect(problems({ meshInspection: "ssh", inspectionHost: "node-1" })).toEqual([hostKey]);
        expect(
            problems({ meshInspection: "ssh", inspectionHost: "node-1", inspectionHostKey: "ssh-ed25519 AAAA" }),
        ).toEqual([]);
        expect(problems({ meshInspection: "local" })).toEqual([]);
    });
});
