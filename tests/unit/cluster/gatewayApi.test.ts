import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { managedCrds } from "../../../cluster";
import { installedCrd } from "../../support/manifests";

const PLURALS = ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"];
/** Without these no gateway can be made. */
const NEEDED = ["gatewayclasses", "gateways", "httproutes"];
const full = (plural: string) => `${plural}.gateway.networking.k8s.io`;
const ALL = PLURALS.map(full);
const ours = (plural: string) => installedCrd(plural, { isOwn: true });
const foreign = (plural: string) =>
    installedCrd(plural, { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.0.0" } });

describe("managedCrds", () => {
    it.each([
        ["a cluster that holds none", []],
        ["those it installed itself", PLURALS.map(ours)],
        ["those of an interrupted run and the missing ones", [ours("gateways")]],
    ])("auto manages %s", (_, installed) => {
        expect(managedCrds("auto", installed, ALL, "x")).toEqual(PLURALS.map(full));
    });

    it.each([
        ["foreign ones", PLURALS.map(foreign), []],
        ["foreign ones, of which not all exist", NEEDED.map(foreign), []],
        [
            "foreign ones beside its own: these alone stay its own",
            [foreign("gatewayclasses"), foreign("gateways"), ours("httproutes"), ours("grpcroutes")],
            ["httproutes", "grpcroutes"].map(full),
        ],
    ])("auto leaves the cluster %s", (_, installed, managed) => {
        expect(managedCrds("auto", installed, ALL, "x")).toEqual(managed);
    });

    it.each([
        ["none", []],
        ["foreign ones", PLURALS.map(foreign)],
        ["its own", PLURALS.map(ours)],
    ])("always manages all, also where the cluster holds %s", (_, installed) => {
        expect(managedCrds("always", installed, ALL, "x")).toEqual(PLURALS.map(full));
    });

    it.each([
        ["foreign ones", PLURALS.map(foreign)],
        ["its own, which it then gives up", PLURALS.map(ours)],
        ["just those that are needed", NEEDED.map(foreign)],
    ])("never manages none where the cluster holds %s", (_, installed) => {
        expect(managedCrds("never", installed, ALL, "x")).toEqual([]);
    });

    const tail = "install them there, or let this stack do it with: pulumi config set gatewayApiCrds always";
    const REMEDY = "pulumi config set gatewayApiCrds always";
    const auto = "The cluster holds Gateway API CRDs that this program did not install";
    it.each([
        [
            "never",
            [],
            `The Gateway API CRDs are never to be installed, and the cluster does not serve ${full("gatewayclasses")}, ${full("gateways")} ` +
                `and ${full("httproutes")} at version v1; ${tail}`,
        ],
        [
            "never",
            [foreign("gatewayclasses"), foreign("gateways")],
            `The Gateway API CRDs are never to be installed, and the cluster does not serve ${full("httproutes")} at version v1; ${tail}`,
        ],
        [
            "auto",
            [foreign("gatewayclasses"), foreign("httproutes")],
            `${auto}, and the cluster does not serve ${full("gateways")} at version v1; ${tail}`,
        ],
        [
            "auto",
            [foreign("gatewayclasses"), foreign("httproutes"), installedCrd("gateways", { served: ["v1beta1"] })],
            `${auto}, and the cluster does not serve ${full("gateways")} at version v1; ${tail}`,
        ],
    ] as const)("%s says what a cluster with %j lacks", (install, installed, message) => {
        expect(() => managedCrds(install, installed, ALL, REMEDY)).toThrow(new UserError(message));
    });
});
