import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { checkLokiStorage, type ClusterSurvey, nodeHost } from "../../../cluster";

const survey: ClusterSurvey = { context: "prod", kubernetesVersion: "v1.33.1", crds: [] };

describe("nodeHost", () => {
    it("is the configured one, whatever the cluster says", () => {
        expect(nodeHost("node.example.com", { ...survey, nodeAddress: "192.0.2.1" })).toBe("node.example.com");
        expect(nodeHost("node.example.com", survey)).toBe("node.example.com");
    });

    it("is the node's address where none is configured", () => {
        expect(nodeHost(undefined, { ...survey, nodeAddress: "192.0.2.1" })).toBe("192.0.2.1");
    });

    it("must be configured where the cluster tells no address", () => {
        expect(() => nodeHost(undefined, survey)).toThrow(
            new UserError(
                'The cluster of context "prod" tells no node\'s InternalIP to this user; ' +
                    "name a host with: pulumi config set nodeHost <host>",
            ),
        );
    });
});

describe("checkLokiStorage", () => {
    const advice =
        "choose one with: pulumi config set lokiStorageClass <name>, " +
        "or leave Loki out with: pulumi config set loki false";
    const subject = 'Loki needs a volume, and the cluster of context "prod"';

    it.each([
        ["the default class", undefined, { names: ["a"], hasDefault: true }],
        ["a class that exists", "a", { names: ["a", "b"], hasDefault: false }],
        ["the default class of a cluster that tells none", undefined, undefined],
        ["a class of a cluster that tells none", "a", undefined],
    ])("accepts %s", (_, configured, storageClasses) => {
        expect(() => checkLokiStorage(configured, { ...survey, storageClasses })).not.toThrow();
    });

    it.each([
        [
            "no class at all",
            undefined,
            { names: [], hasDefault: false },
            `${subject} has no default StorageClass (it has none at all); ${advice}`,
        ],
        [
            "no default class",
            undefined,
            { names: ["a", "b"], hasDefault: false },
            `${subject} has no default StorageClass (allowed: a, b); ${advice}`,
        ],
        [
            "one class, not the default",
            undefined,
            { names: ["a"], hasDefault: false },
            `${subject} has no default StorageClass (allowed: a); ${advice}`,
        ],
        [
            "no such class",
            "c",
            { names: ["a", "b"], hasDefault: true },
            `${subject} has no StorageClass "c" (allowed: a, b); ${advice}`,
        ],
        [
            "no such class, or any other",
            "c",
            { names: [], hasDefault: false },
            `${subject} has no StorageClass "c" (it has none at all); ${advice}`,
        ],
    ])("refuses a cluster with %s", (_, configured, storageClasses, message) => {
        expect(() => checkLokiStorage(configured, { ...survey, storageClasses })).toThrow(new UserError(message));
    });
});
