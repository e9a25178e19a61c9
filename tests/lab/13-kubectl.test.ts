import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { CommandFailed, Lab, type Outcome, TEST_LAB } from "../support/lab";
import { ask, untilAnswered } from "../support/lab-load";
import { eventually, getAll, getOne, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE, ISTIO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let url: string;

beforeAll(async () => {
    await stack.ensureUp();
    ({ productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>());
    await untilAnswered(url);
});

/** kubectl and the API server speak WebSocket, or SPDY with those of before 1.31. */
const PROTOCOLS = ["WebSocket", "SPDY"] as const;
const speaking = (protocol: (typeof PROTOCOLS)[number]) => {
    const webSockets = String(protocol === "WebSocket");
    return { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets, KUBECTL_PORT_FORWARD_WEBSOCKETS: webSockets };
};

const bookinfo = (...args: string[]) => ["kubectl", "--namespace", BOOKINFO_NAMESPACE, ...args];
const exec = (deployment: string, container: string, ...command: string[]) =>
    bookinfo("exec", `deploy/${deployment}`, "--container", container, "--", ...command);

/** Exit code, and the end of what a command printed. */
const ending = ({ code, stdout, stderr }: Outcome) => [code, (stdout + stderr).trim().split("\n").at(-1)];

/** Lets a command run for the time of an action, which may wait for what it prints. */
async function whileRunning<T>(
    command: readonly string[],
    action: (printed: (pattern: RegExp, before?: () => Promise<unknown>) => Promise<RegExpExecArray>) => Promise<T>,
    env: Readonly<Record<string, string>> = {},
): Promise<T> {
    const child = await lab.spawn(command, env);
    let [text, code]: [string, number | null] = ["", null];
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (more) => (text += more));
    child.on("exit", (status) => (code = status ?? 128));
    const printed = async (pattern: RegExp, before = () => Promise.resolve<unknown>(undefined)) => {
        const read = async () => {
            await before();
            const found = pattern.exec(text);
            if (!found && code !== null) throw new CommandFailed(command, { code, stdout: text, stderr: "" });
            return found;
        };
        const found = await eventually(read, (seen) => seen !== null, `${command.join(" ")} prints ${pattern}`);
        return found!;
    };
    try {
        return await action(printed);
    } finally {
        child.kill("SIGKILL");
    }
}

/** What a URL answers inside the lab, where forwarded ports listen. */
const fetched = (target: string) =>
    lab.output([process.execPath, "--eval", `fetch(process.argv[1]).then((a) => a.text()).then(console.log)`, target]);

const podOf = async (app: string) => getOne(lab, "pods", "--namespace", BOOKINFO_NAMESPACE, "--selector", `app=${app}`);

describe("kubectl exec", () => {
    test.each(PROTOCOLS)(
        "runs in the pod's network and root, with the container's user and environment: %s",
        async (protocol) => {
            const { metadata, status } = (await podOf("ratings")) as KubeObject & { status: { podIP: string } };
            const address = "ip -4 -oneline address show dev eth0 | tr -s ' ' | cut -d' ' -f4";
            const look = async (container: string) => {
                const script = `id -u; ${address}; tail -n1 /etc/hosts; pwd; echo $POD_NAME $LAB_PORTS`;
                const text = await lab.output(exec("ratings-v1", container, "sh", "-c", script), {
                    env: speaking(protocol),
                });
                return text.trim().split("\n");
            };
            const same = [`${status.podIP}/32`, `${status.podIP}\t${metadata.name}`, "/"];
            expect(await look("ratings")).toEqual(["65532", ...same, "9080"]);
            expect(await look("istio-proxy")).toEqual(["1337", ...same, metadata.name]);
        },
    );

    test.each(PROTOCOLS)(
        "ends with the command's exit code, and hands on its input and output: %s",
        async (protocol) => {
            const env = speaking(protocol);
            const run = (...command: string[]) => lab.run(exec("ratings-v1", "ratings", ...command), { env });
            expect(await run("sh", "-c", "echo out; echo err >&2; exit 3")).toMatchObject({ code: 3, stdout: "out\n" });
            expect((await run("sh", "-c", "echo err >&2; exit 3")).stderr).toMatch(/^err$/m);
            expect((await run("sh", "-c", "kill -9 $$")).code).toBe(137);
            const input = "a line\n".repeat(100_000);
            const cat = bookinfo("exec", "--stdin", "deploy/ratings-v1", "--container", "ratings", "--", "cat");
            expect((await lab.output(cat, { env, input })) === input).toBe(true);
        },
    );

    test("gives a terminal", async () => {
        const command = bookinfo("exec", "-it", "deploy/ratings-v1", "--container", "ratings", "--", "sh").join(" ");
        const input = "test -t 0 && test -t 1 && echo terminal of $TERM; exit 5\n";
        const outcome = await lab.run(["script", "--quiet", "--return", "--command", command, "/dev/null"], { input });
        expect(outcome.stdout).toContain("terminal of xterm");
        expect(outcome.code).toBe(5);
    });

    test("asks the sidecar's Envoy by the agent, as people do", async () => {
        const text = await lab.output(
            exec("ratings-v1", "istio-proxy", "pilot-agent", "request", "GET", "server_info"),
        );
        expect(text).toContain('"state": "LIVE"');
    });

    test("says as a container runtime does that an image has no shell", async () => {
        const outcome = await lab.run(["kubectl", "--namespace", ISTIO_NAMESPACE, "exec", "deploy/istiod", "--", "sh"]);
        expect(outcome.code).toBe(1);
        expect(outcome.stderr).toContain(
            'unable to start container process: exec: "sh": executable file not found in $PATH',
        );
    });

    test.each(PROTOCOLS)("says that a pod is simulated: %s", async (protocol) => {
        const { metadata } = await getOne(lab, "pods", "--namespace", ISTIO_NAMESPACE, "--selector", "app=kiali");
        const kiali = (...args: string[]) =>
            lab.run(["kubectl", "--namespace", ISTIO_NAMESPACE, ...args], { env: speaking(protocol) });
        const sentence = `kwok simulates pod ${ISTIO_NAMESPACE}/${metadata.name}, so no process of the lab has logs`;
        for (const args of [
            ["exec", "deploy/kiali", "--", "ls"],
            ["attach", "deploy/kiali"],
            ["port-forward", "deploy/kiali", ":20001"],
            ["logs", "deploy/kiali"],
        ]) {
            const outcome = await kiali(...args);
            expect([args[0], outcome.code]).toEqual([args[0], 1]);
            expect(outcome.stderr).toContain(sentence);
        }
    });
});

describe("kubectl port-forward", () => {
    test.each(PROTOCOLS)("reaches a Service's pod: %s", async (protocol) => {
        const command = bookinfo("port-forward", "service/productpage", ":9080");
        const page = await whileRunning(
            command,
            async (printed) => {
                const [, port] = await printed(/Forwarding from 127\.0\.0\.1:(\d+)/);
                // Twice over one forwarding: each is a stream of its own.
                await fetched(`http://127.0.0.1:${port}/health`);
                return fetched(`http://127.0.0.1:${port}/productpage`);
            },
            speaking(protocol),
        );
        expect(page).toContain("<title>");
        expect(page).toContain("Comedy of Errors");
    });

    test("says where nobody listens", async () => {
        await whileRunning(bookinfo("port-forward", "deploy/ratings-v1", ":81"), async (printed) => {
            const [, port] = await printed(/Forwarding from 127\.0\.0\.1:(\d+)/);
            await expect(fetched(`http://127.0.0.1:${port}/`)).rejects.toThrow("fetch failed");
            await printed(/port 81 of pod istio-sample\/ratings-v1-\S+ does not answer: .*connection refused/);
        });
    });
});

describe("kubectl logs and attach", () => {
    const sidecar = ["deploy/productpage-v1", "--container", "istio-proxy"];
    test.each([
        ["logs", ["logs", "--follow", "--tail=0", ...sidecar]],
        ["attach", ["attach", ...sidecar]],
    ])("%s: what the sidecar prints from now on", async (name, args) => {
        await whileRunning(bookinfo(...args), async (printed) => {
            // Envoy's access log of requests that only this test makes; several: kubectl does not say that it follows.
            const mark = `${name}-${Date.now()}`;
            await printed(new RegExp(mark), () => ask(`${url}?${mark}`));
        });
    });

    test("the last lines, and sentences about what the lab's logs do not know", async () => {
        const logs = (...args: string[]) => lab.run(bookinfo("logs", ...sidecar, ...args));
        expect((await logs("--tail=2")).stdout.trim().split("\n")).toHaveLength(2);
        expect((await logs("--limit-bytes=10")).stdout).toHaveLength(10);
        expect(ending(await logs("--since=1h"))).toEqual([
            1,
            expect.stringContaining("leave --timestamps, --since and"),
        ]);
        expect(ending(await logs("--previous"))).toEqual([1, expect.stringContaining("leave --previous out")]);
    });

    test("attaching with input is refused: no process has one", async () => {
        const outcome = await lab.run(bookinfo("attach", "--stdin", ...sidecar));
        expect([outcome.code, outcome.stderr]).toEqual([
            1,
            expect.stringMatching(
                /container "istio-proxy" of pod "\S+" has no standard input in the lab: attach without -i/,
            ),
        ]);
    });
});

describe("istioctl", () => {
    test("proxy-status shows every proxy in sync", async () => {
        const rows = await eventually(
            async () => (await lab.output(["istioctl", "proxy-status"])).trim().split("\n").slice(1),
            (seen) => seen.length === 7 && seen.every((row) => /SYNCED.*SYNCED.*SYNCED/.test(row)),
            "seven proxies are in sync",
        );
        const names = rows.map((row) => row.split(/-[a-z0-9]+-[a-z0-9]{5}\.istio-sample\s/)[0]);
        expect(names.sort()).toEqual([
            "bookinfo-gateway-istio",
            "details-v1",
            "productpage-v1",
            "ratings-v1",
            "reviews-v1",
            "reviews-v2",
            "reviews-v3",
        ]);
    });

    test("proxy-config shows what a proxy listens on", async () => {
        const command = ["istioctl", "proxy-config", "listener", "deploy/productpage-v1", "-n", BOOKINFO_NAMESPACE];
        const listeners = JSON.parse(await lab.output([...command, "--output", "json"])) as { name: string }[];
        expect(listeners.map(({ name }) => name)).toEqual(
            expect.arrayContaining(["virtualInbound", "virtualOutbound", "0.0.0.0_9080"]),
        );
    });

    test.each([
        ["envoy", `deployment/productpage-v1.${BOOKINFO_NAMESPACE}`, "/server_info", '"state": "LIVE"'],
        ["controlz", `deployment/istiod.${ISTIO_NAMESPACE}`, "/scopez", "Logging Scopes"],
    ])("dashboard %s", async (dashboard, target, path, content) => {
        await whileRunning(["istioctl", "dashboard", dashboard, target, "--browser=false"], async (printed) => {
            const [, port] = await printed(/http:\/\/localhost:(\d+)/);
            expect(await fetched(`http://localhost:${port}${path}`)).toContain(content);
        });
    });
});

test("a pod whose volume would lie outside of its root does not start, and an event says why", async () => {
    const outside = `/tmp/istio-lab-outside-${process.pid}`;
    const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "outside", labels: { "sidecar.istio.io/inject": "false" } },
        spec: {
            containers: [
                {
                    name: "proxy",
                    image: "docker.io/istio/proxyv2:1.25.1",
                    volumeMounts: [{ name: "ca", mountPath: `${"/..".repeat(20)}${outside}` }],
                },
            ],
            volumes: [{ name: "ca", configMap: { name: "istio-ca-root-cert" } }],
        },
    };
    await lab.output(bookinfo("apply", "--filename", "-"), { input: JSON.stringify(pod) });
    try {
        const selector = ["--field-selector", "involvedObject.name=outside,type=Warning"];
        const events = await eventually(
            () => getAll(lab, "events", "--namespace", BOOKINFO_NAMESPACE, ...selector),
            (seen) => seen.length > 0,
            "an event of the pod",
        );
        expect(events[0]!.message).toMatch(
            /^container "proxy" mounts volume "ca" at "\S+", which leads out of its root: leave ".." out of mountPath$/,
        );
        expect(existsSync(outside)).toBe(false);
    } finally {
        await lab.output(bookinfo("delete", "pod", "outside", "--now"));
    }
});
