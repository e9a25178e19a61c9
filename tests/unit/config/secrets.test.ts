import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { configurationOf } from "../../support/settings";

const load = (values: Readonly<Record<string, unknown>>) => loadSettings(configurationOf(values), "istio-on-pulumi");
/** A private key as tools write one, but for what is in it. */
const pem = (kind: string) => `-----BEGIN ${kind}PRIVATE KEY-----\nAAAA\nBB==\n-----END ${kind}PRIVATE KEY-----\n`;

describe("a value that may be a secret", () => {
    it.each([
        "~/.ssh/id_ed25519",
        "AAAA",
        pem("OPENSSH ").replaceAll("\n", " "),
        pem("OPENSSH ").replaceAll("\n", "\\n"),
        pem("OPENSSH ").slice(0, 40),
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        "ssh-ed25519 AAAA me@host",
    ])("refuses %j as a private key, and does not show it", (text) => {
        const message =
            "istio-on-pulumi:inspection.privateKey is not what is allowed (it is not shown); " +
            "allowed: a private key in PEM form, or empty. " +
            "Change it with: pulumi config set --secret --path inspection.privateKey <value>";
        expect(() => load({ "inspection.privateKey": text })).toThrow(new UserError(message));
    });

    it("does not show what stands for a kubeconfig, which may be its text", () => {
        expect(() => load({ "cluster.kubeconfig": ["token: hidden"] })).toThrow(
            /^(?!.*hidden).* is not what is allowed/,
        );
        expect(() => load({ kubeconfig: "users:\n- token: hidden\n" })).toThrow(
            /^istio-on-pulumi:kubeconfig is cluster\.kubeconfig now\. (?!.*hidden).*--secret --path cluster\.kubeconfig <value>/,
        );
    });
});
