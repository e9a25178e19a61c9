import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { MeshReport } from "@istio-on-pulumi/inspect";
import { Lab, type Outcome, TEST_LAB } from "../support/lab";
import { eventually } from "../support/lab-objects";
import { proxyModeOf, takeEndpointAway, untilRulesServe } from "../support/lab-rules";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { isReady } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let dir: string;
let mode: Awaited<ReturnType<typeof proxyModeOf>>;

const inspect = (...args: string[]): Promise<Outcome> =>
    lab.run(["node", "scripts/run.mjs", "packages/inspect/src/cli.ts", ...args]);
/** The report of a command, and its exit code. */
async function report(...args: string[]): Promise<MeshReport & { code: number }> {
    const { code, stdout, stderr } = await inspect(...args, "--json");
    expect(stderr).toBe("");
    return { ...(JSON.parse(stdout) as MeshReport), code };
}
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const problems = ({ findings }: MeshReport) => findings.filter(({ severity }) => severity === "problem");

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "inspect-"));
    await stack.ensureUp();
    mode = await proxyModeOf(lab);
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("the doctor on a fresh mesh", () => {
    let seen: MeshReport & { code: number };

    beforeAll(async () => {
        seen = await report("doctor");
    });

    test("finds nothing wrong and exits with 0", () => {
        expect([seen.code, seen.ok, problems(seen)]).toEqual([0, true, []]);
        expect(seen.checks!.filter(({ state }) => state === "problem")).toEqual([]);
    });

    test("step 4: each pod has its container, istio-proxy 1.25.1 and istio-init", () => {
        const own = seen.injection!.pods.filter(
            ({ namespace, role }) => namespace === BOOKINFO_NAMESPACE && role === "sidecar",
        );
        expect(own.map(({ containers }) => containers[0]!.name).sort()).toEqual([
            "details",
            "productpage",
            "ratings",
            "reviews",
            "reviews",
            "reviews",
        ]);
        for (const pod of own) {
            expect(pod).toMatchObject({
                proxyImage: "docker.io/istio/proxyv2:1.25.1",
                proxyVersion: "1.25.1",
                controlPlaneVersion: "1.25.1",
                ready: true,
                readyContainers: "2/2",
            });
            expect(pod.initContainers.map(({ name }) => name)).toEqual(["istio-init"]);
        }
    });

    test("step 7: each of six Service ports leads to one chain of its own", () => {
        const own = seen.nat!.paths.filter(({ namespace }) => namespace === BOOKINFO_NAMESPACE);
        const expected: [service: string, port: string, hash: string][] = [
            ["bookinfo-gateway-istio", "http", "AJGCB2HIHIW4ZNR7"],
            ["bookinfo-gateway-istio", "status-port", "M3GRG3ZIUI3SSHYC"],
            ["details", "http", "PSJQMOZRUGSJJO2Y"],
            ["productpage", "http", "TQVK2WQMHZOS6576"],
            ["ratings", "http", "G5PLZLXGXOQRM5YI"],
            ["reviews", "http", "IZRUIY3NLSNO2IFV"],
        ];
        expect(own.map(({ service, portName, chain }) => `${service}:${portName} ${chain}`).sort()).toEqual(
            expected.map(([service, port, hash]) =>
                mode === "iptables"
                    ? `${service}:${port} KUBE-SVC-${hash}`
                    : (expect.stringMatching(
                          `^${service}:${port} service-[A-Z2-7]{8}-${BOOKINFO_NAMESPACE}/${service}/tcp/${port}$`,
                      ) as string),
            ),
        );
    });

    test("steps 8 to 10: chains end at pods and their ports, reviews evenly at three versions, marked 0x4000", () => {
        expect(seen.nat!.families[0]).toMatchObject({
            family: "IPv4",
            masquerading: { mark: "0x4000", applied: true },
            foreign: [],
        });
        for (const { namespace, endpoints } of seen.nat!.paths) {
            if (namespace !== BOOKINFO_NAMESPACE) continue;
            for (const endpoint of endpoints)
                expect(endpoint).toMatchObject({
                    current: true,
                    pod: { ready: true },
                    opens: expect.anything() as object,
                });
        }
        const reviews = seen.nat!.paths.find(({ service }) => service === "reviews")!;
        expect(reviews.endpoints.map(({ pod }) => pod!.version).sort()).toEqual(["v1", "v2", "v3"]);
        expect(reviews.endpoints.map(({ probability, drawn }) => probability ?? drawn)).toEqual(
            mode === "iptables" ? [0.33333333349, 0.5, undefined] : Array(3).fill({ numbers: 1, of: 3 }),
        );
        for (const { share } of reviews.endpoints) expect(share).toBeCloseTo(1 / 3, 8);
    });

    test("steps 11 and 12: istio-init and istio-proxy are set up as the walkthrough reads them", () => {
        const productpage = seen.proxies!.find(({ pod }) => pod.startsWith("productpage"))!;
        expect(productpage.capture!.arguments.map(({ argument, value }) => `${argument} ${value}`).slice(0, 8)).toEqual(
            ["-p 15001", "-z 15006", "-u 1337", "-m REDIRECT", "-i *", "-x ", "-b *", "-d 15090,15021,15020"],
        );
        expect(productpage.capture!.capabilities.added).toEqual(["NET_ADMIN", "NET_RAW"]);
        expect(productpage.proxy).toMatchObject({ domain: "istio-sample.svc.cluster.local", runsAs: 1337 });
        expect(productpage.proxy.env).toContainEqual(
            expect.objectContaining({ name: "CA_ADDR", value: "istiod.istio-system.svc:15012" }),
        );
    });

    test("finds the endpoints of the stack's outputs ready", async () => {
        const { code, stdout } = await lab.run(
            ["node", "scripts/run.mjs", "packages/inspect/src/cli.ts", "endpoints", "--outputs", "-", "--json"],
            { input: JSON.stringify(await stack.outputs()) },
        );
        const { endpoints } = JSON.parse(stdout) as MeshReport;
        expect([code, endpoints!.length]).toEqual([0, 10]);
        for (const { exists, ports } of endpoints!)
            for (const port of ports) expect([exists, port.exists, port.ready]).toEqual([true, true, 1]);
        const answers = (name: string) =>
            endpoints!.find((each) => each.name === name)!.ports.map(({ answer }) => `${answer.state}: ${answer.text}`);
        expect(answers("istiod")).toEqual(Array(4).fill("answers: TCP"));
        expect(answers("productpage")).toEqual(["answers: HTTP 200"]);
        expect(answers("gatewayStatus")).toEqual(["answers: HTTP 200"]);
        // The addons' pods are kwok's.
        expect(answers("kiali")).toEqual(
            Array(2).fill("not asked: no data plane in the lab: kwok simulates its pods, and no container runs"),
        );
    });
});

describe("the rules of the lab's kube-proxy", () => {
    const documents = parseAllDocuments(
        readFileSync(join(__dirname, "../../packages/inspect/testing/golden/objects.yaml"), "utf8"),
    ).map((document) => document.toJSON() as { metadata: { name: string } });
    // The lab has IPv4 alone; the golden rules hold the rest.
    const objects = documents.filter(({ metadata }) => !["six", "six-a", "both"].includes(metadata.name));

    beforeAll(async () => {
        await lab.output(["kubectl", "apply", "-f", "-"], {
            input: objects.map((object) => JSON.stringify(object)).join("\n---\n"),
        });
    });
    afterAll(() => kubectl("delete", "namespace", "golden", "--wait=false"));

    test.each([1, 2, 3, 5])("join with %i endpoints, in each kind of Service", async (count) => {
        await kubectl("-n", "golden", "scale", "deployment", "reviews", `--replicas=${count}`);
        await kubectl("-n", "golden", "rollout", "status", "deployment", "reviews", "--timeout=60s");
        const seen = await eventually(
            () => report("nat", "-n", "golden"),
            ({ nat }) => nat!.paths.find(({ service }) => service === "reviews")!.endpoints.length === count,
            `${count} endpoints in the rules`,
        );
        const path = (service: string) => seen.nat!.paths.find((each) => each.service === service)!;
        for (const { share } of path("reviews").endpoints) expect(share).toBeCloseTo(1 / count, 6);
        expect(path("affinity").affinitySeconds).toBe(600);
        expect(path("local").localEndpoints).toHaveLength(count);
        expect(path("nobody").entries[0]).toMatchObject({ target: "REJECT", reason: "has no endpoints" });
        expect(seen.nat!.families.flatMap(({ foreign, unreferenced }) => [...foreign, ...unreferenced])).toEqual([]);
        expect(problems(seen).map(({ code, subject }) => `${code} ${subject}`)).toEqual([
            "service/undeclared-port golden/names:dns",
            "service/undeclared-port golden/names:dns-tcp",
            "service/no-endpoints golden/nobody:80",
        ]);
    });
});

describe("a broken mesh", () => {
    let chain: string;
    let seen: MeshReport & { code: number };
    let ratings: string;

    beforeAll(async () => {
        await kubectl("label", "namespace", BOOKINFO_NAMESPACE, "istio-injection-");
        await kubectl("-n", BOOKINFO_NAMESPACE, "delete", "pod", "-l", "app=ratings");
        await kubectl(
            "-n",
            BOOKINFO_NAMESPACE,
            "patch",
            "service",
            "details",
            "-p",
            '{"spec":{"selector":{"app":"detials"}}}',
        );
        const pod = await eventually(
            async () => (await stayingPods(lab, 1, BOOKINFO_NAMESPACE, "app=ratings"))[0]!,
            isReady,
            "the new pod of ratings is ready",
        );
        ratings = pod.metadata.name;
        // Last, for kube-proxy writes its rules anew at each change.
        await untilRulesServe(lab, `${BOOKINFO_NAMESPACE}/details`, false);
        ({ chain } = await takeEndpointAway(lab, `${BOOKINFO_NAMESPACE}/reviews`));
        seen = await report("doctor", "--html", join(dir, "page.html"));
    });
    afterAll(async () => {
        await kubectl("label", "namespace", BOOKINFO_NAMESPACE, "istio-injection=enabled");
        await kubectl(
            "-n",
            BOOKINFO_NAMESPACE,
            "patch",
            "service",
            "details",
            "-p",
            '{"spec":{"selector":{"app":"details"}}}',
        );
        await kubectl("-n", BOOKINFO_NAMESPACE, "delete", "pod", "-l", "app in (ratings, reviews)");
        await eventually(
            () => report("doctor"),
            ({ ok }) => ok,
            "a mesh in order again",
        );
    });

    test("is named precisely, each problem once, and exits with 1", async () => {
        const reached = seen.nat!.paths.find(({ service }) => service === "reviews")!.endpoints;
        const gone = (await stayingPods(lab, 3, BOOKINFO_NAMESPACE, "app=reviews")).find(({ status }) =>
            reached.every(({ address }) => address !== status.podIP),
        );
        expect(seen.code).toBe(1);
        expect(problems(seen).map(({ code, subject }) => `${code} ${subject}`)).toEqual([
            "injection/no-label istio-sample",
            `injection/no-sidecar istio-sample/${ratings}`,
            "service/no-endpoints istio-sample/details:http",
            "nat/uneven-share istio-sample/reviews:http",
            "nat/missing-endpoint istio-sample/reviews:http",
        ]);
        const sentences = problems(seen).map(({ message }) => message);
        expect(sentences[1]).toContain(
            `The pod istio-sample/${ratings} has no sidecar because its namespace istio-sample ` +
                "lacks the label istio-injection=enabled",
        );
        expect(sentences[2]).toContain("its selector app=detials selects no pod");
        expect(sentences[4]).toContain(
            `has the ready endpoint ${gone!.status.podIP}:9080 (pod istio-sample/${gone!.metadata.name}), ` +
                `to which ${chain} in the rules of this machine sends nothing`,
        );
    });

    test("is shown on the page", () => {
        const page = readFileSync(join(dir, "page.html"), "utf8").replace(/&#(\d+);/g, (_, code: string) =>
            String.fromCharCode(Number(code)),
        );
        for (const { message } of problems(seen)) expect(page).toContain(message);
        expect(page.match(/selects no pod<\/text>/g)).toHaveLength(2);
        expect(page.match(/no sidecar<\/text>/g)).toHaveLength(2);
    });
});
