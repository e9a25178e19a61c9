import { describe, expect, it } from "vitest";
import { masked, maskedPair, maskedText } from "../../../report/masking";

const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const WORD = "hunter2hunter2";
const KEY = `-----BEGIN RSA PRIVATE KEY-----\n${WORD}\n-----END RSA PRIVATE KEY-----`;
const WEB_TOKEN = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${WORD}`;

describe("masked", () => {
    it.each<[string, object, string]>([
        ["all data of a Secret", { data: { user: WORD }, stringData: { note: WORD } }, "kubernetes:core/v1:Secret"],
        ["the environment and input of a command", { environment: { A: WORD }, stdin: WORD }, "command:local:Command"],
        ["a field by its name", { spec: { adminPassword: WORD, clientSecret: WORD } }, "kubernetes:x/v1:Thing"],
        [
            "names with hyphens and underscores",
            { a: { "api-key": WORD, signing_key: WORD, access_token: WORD } },
            CONFIG_MAP,
        ],
        ["a variable of a container", { env: [{ name: "DB_PASSWORD", value: WORD }] }, "kubernetes:apps/v1:Deployment"],
        ["a flag, and the word after one", { args: [`--admin-password=${WORD}`, "--token", WORD] }, CONFIG_MAP],
        ["all data beside an entry that is secret", { data: { token: "x", other: WORD } }, CONFIG_MAP],
        ["a field of YAML in a text", { data: { "c.yaml": `auth:\n  signing_key: ${WORD}\n` } }, CONFIG_MAP],
        ["a block of YAML in a text", { data: { "c.yaml": `auth:\n  password: |\n    a\n    ${WORD}\n` } }, CONFIG_MAP],
        ["a field of JSON in a text", { data: { c: `{"a": {"clientSecret": "${WORD}"}}` } }, CONFIG_MAP],
        ["a file that nothing reads", { data: { "g.ini": `[security]\nadmin_password = ${WORD}\n` } }, CONFIG_MAP],
        [
            "a kubeconfig, whatever it is called",
            { data: { c: `kind: Config\nusers:\n- user: {x: ${WORD}}\n` } },
            CONFIG_MAP,
        ],
        ["a kubeconfig that is encoded", { kubeconfig: WORD.repeat(30) }, "pulumi:providers:kubernetes"],
        ["a private key", { spec: { anything: KEY } }, CONFIG_MAP],
        ["a web token", { spec: { anything: `see ${WEB_TOKEN}` } }, CONFIG_MAP],
        ["the password of a URL", { spec: { url: `https://me:${WORD}@host/` } }, CONFIG_MAP],
        ["a header", { spec: { value: `Authorization: Bearer ${WORD}` } }, CONFIG_MAP],
        ["an assignment in a script", { spec: { run: `export API_TOKEN=${WORD}; go` } }, CONFIG_MAP],
        ["a login of a registry", { ".dockerconfigjson": WORD, auths: { r: { auth: WORD } } }, CONFIG_MAP],
        ["a number", { password: 31337 }, CONFIG_MAP],
    ])("hides %s", (_, object, type) => {
        const text = JSON.stringify(masked(object as Record<string, unknown>, type));
        expect(text).not.toMatch(/hunter2|31337/);
        expect(text).toContain("[secret]");
    });

    it("leaves what only names a secret or says something about one", () => {
        const object = {
            automountServiceAccountToken: false,
            imagePullSecrets: [{ name: "registry" }],
            kubeconfig: "~/.kube/prod",
            spec: {
                tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }],
                secretName: "cacerts",
                secretKeyRef: { name: "kiali", key: "config" },
                env: [
                    { name: "TOKEN_AUDIENCES", valueFrom: {} },
                    { name: "JWT_POLICY", value: "third-party-jwt" },
                ],
                volumes: [
                    {
                        name: "istio-token",
                        projected: {
                            sources: [
                                {
                                    serviceAccountToken: {
                                        audience: "istio-ca",
                                        expirationSeconds: 43200,
                                        path: "istio-token",
                                    },
                                },
                            ],
                        },
                    },
                ],
                rules: [{ resources: ["secrets", "tokenreviews"], verbs: ["get"] }],
                template: "name: {{ .Values.name }}\n{{- if .x }}\ntokenPath: /a\n{{- end }}\n",
            },
        };
        expect(masked(object, "kubernetes:apps/v1:Deployment")).toEqual(object);
    });

    it("leaves a file without secrets as it is written, comments too", () => {
        const object = { data: { "c.yaml": "# why\na:   1\n" } };
        expect(masked(object, CONFIG_MAP)).toEqual(object);
    });
});

describe("maskedPair", () => {
    it("says that a hidden value is another one, and nothing where it is the same", () => {
        const pair = (a: string, b: string) =>
            maskedPair({ data: { x: a, y: "same" } }, { data: { x: b, y: "same" } }, "kubernetes:core/v1:Secret");
        expect(pair("1", "2").after).toEqual({ data: { x: "[secret, changed]", y: "[secret]" } });
        expect(pair("1", "1").after).toEqual({ data: { x: "[secret]", y: "[secret]" } });
    });

    it("says so inside of a text, too", () => {
        const side = (key: string) => ({ data: { "c.yaml": `a: 1\nsigning_key: ${key}\n` } });
        const { before, after } = maskedPair(side("old"), side("new"), CONFIG_MAP);
        expect(before).toEqual({ data: { "c.yaml": 'a: 1\nsigning_key: "[secret]"\n' } });
        expect(JSON.stringify(after)).toContain("[secret, changed]");
        expect(JSON.stringify([before, after])).not.toMatch(/old|new/);
    });
});

describe("maskedText", () => {
    it("hides what is secret in a message", () => {
        const text = maskedText(`login failed: password=${WORD} at https://u:${WORD}@h/, ${WEB_TOKEN}\n${KEY}`);
        expect(text).not.toContain("hunter2");
    });

    it("leaves the program's own sentences as they are", () => {
        const text =
            'The cluster of context "lab" (https://10.240.0.10:6443) holds Loki\'s logs in a volume of 10Gi; keep it with: ' +
            "pulumi config set --path addons.loki.storageClass standard";
        expect(maskedText(text)).toBe(text);
    });
});
