import { execFileSync } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createConnection } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labPlace, type LabPlace, NODE_IP } from "@istio-on-pulumi/lab";
import { type Outcome, TEST_LAB } from "../support/lab";
import { untilAnswered } from "../support/lab-load";
import { eventually } from "../support/lab-objects";
import { printed } from "../support/lab-refused";
import { copyFor, type MachineUser, makeUsers } from "../support/lab-user";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";

/** Of a band from which the cluster takes none by itself: no other lab has it. */
const NODE_PORT = 30_042;
const URL = `http://127.0.0.1:${NODE_PORT}/productpage`;

// An ordinary user can make no others, and has run all the other tests without root.
describe.skipIf(process.getuid?.() !== 0)("an ordinary user's lab", () => {
    const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-users-"));
    let owner: MachineUser;
    let other: MachineUser;
    let repository: string;
    let place: LabPlace;

    /** `npm run lab` of a user, who need not have started it. */
    const lab = (user: MachineUser, args: readonly string[], env: Record<string, string> = {}) =>
        user.run(["npm", "run", "--silent", "lab", "--", ...args], repository, env);

    const inLab = async (...command: string[]) => {
        const outcome = await lab(owner, ["exec", ...command]);
        expect(outcome.code, printed(outcome)).toBe(0);
        return outcome.stdout.trim();
    };

    beforeAll(async () => {
        ({ owner, other } = await makeUsers(dir, { owner: { ids: true }, other: { ids: false } }, TEST_LAB));
        const here = labPlace({ ...process.env, LAB_NAME: TEST_LAB });
        repository = join(owner.home, "repository");
        place = labPlace({ HOME: owner.home, XDG_STATE_HOME: join(owner.home, ".local/state") });
        copyFor(owner, here.repository, repository);
        copyFor(owner, here.cache, join(owner.home, ".cache/istio-on-pulumi"));
        writeFileSync(
            join(repository, "Pulumi.lab.yaml"),
            `config:\n  istio-on-pulumi:gateway:\n    nodePort: ${NODE_PORT}\n`,
        );
        execFileSync("chown", [`${owner.name}:`, join(repository, "Pulumi.lab.yaml")]);
    });
    afterAll(() => {
        owner?.remove();
        other?.remove();
        rmSync(dir, { recursive: true, force: true });
    });

    describe("is refused by a sentence", () => {
        const sentence = ({ code, stdout, stderr }: Outcome) => {
            expect(code).toBe(1);
            expect(stdout).toBe("");
            return stderr.trim();
        };

        test("where the user has no subordinate ids", async () => {
            expect(sentence(await lab(other, ["start"]))).toMatch(
                /^The user \S+ has no range of 65535 ids .* \(usermod --add-subuids \S+ --add-subgids \S+ \S+\), or run the same command as root\.$/,
            );
        });

        test("where a package is missing that only root can install", async () => {
            const bin = join(dir, "bin");
            mkdirSync(bin);
            for (const name of readdirSync("/usr/bin").filter((each) => !/^new[ug]idmap$/.test(each)))
                symlinkSync(join("/usr/bin", name), join(bin, name));
            expect(sentence(await lab(owner, ["start"], { PATH: bin }))).toBe(
                "This system lacks newuidmap, newgidmap (Debian: uidmap), which only root can install " +
                    "(apt-get install --yes uidmap): have it installed, then run the same command again.",
            );
        });

        test("where the kernel allows no user namespace", async () => {
            // Its limit is that of a namespace: in one of the owner's, whose other users the machine does not know.
            const forbidden = [
                "echo 0 > /proc/sys/user/max_user_namespaces",
                "exec setpriv --reuid 2000 --regid 2000 --clear-groups npm run --silent lab -- start",
            ];
            const namespace = ["unshare", "--user", "--map-root-user", "--map-auto"];
            const env = { npm_config_cache: join(dir, "npm") };
            expect(sentence(await owner.run([...namespace, "sh", "-c", forbidden.join(" && ")], repository, env))).toBe(
                "Without root the lab needs a user namespace, which this machine does not allow " +
                    "(user.max_user_namespaces is 0): allow it as root (sysctl -w user.max_user_namespaces=15000), " +
                    "or run the same command as root.",
            );
        });
    });

    test("comes up by npm run demo, with the program's stack", async () => {
        const outcome = await owner.run(["npm", "run", "--silent", "demo"], repository);
        expect(outcome.code, printed(outcome)).toBe(0);
        expect(outcome.stdout).toContain(URL);
        await untilAnswered(URL);
    });

    test("answers its owner, and whoever is on the machine, on the node port", async () => {
        const script = `fetch(${JSON.stringify(URL)}).then(({ status }) => console.log(status))`;
        for (const user of [owner, other])
            expect(await user.run([process.execPath, "--eval", script])).toMatchObject({ code: 0, stdout: "200\n" });
    });

    test("says as its owner that it is ready, and stops nothing when it is started again", async () => {
        expect(await lab(owner, ["status"])).toMatchObject({ code: 0 });
        const outcome = await lab(owner, ["start"]);
        expect(outcome.code, printed(outcome)).toBe(0);
        expect(printed(outcome)).toContain("ran before");
    });

    test("has the users that Istio wants in its pods, which are nobody's on the machine", async () => {
        const proxy = ["deployment/productpage-v1", "--namespace", BOOKINFO_NAMESPACE, "--container", "istio-proxy"];
        expect(await inLab("kubectl", "exec", ...proxy, "--", "id", "-u")).toBe("1337");
        const users = new Set(owner.processes().map(({ uid }) => uid));
        const { first } = owner.ids;
        expect([...users].sort((a, b) => a - b)).toEqual([owner.uid, first + 1337 - 1, first + 65_532 - 1]);
    });

    describe("is closed to other users of the machine", () => {
        test("its files", async () => {
            expect(statSync(place.state).mode & 0o777).toBe(0o700);
            for (const file of [place.kubeconfig, join(place.pki, "ca.key"), place.backend, place.statusFile]) {
                expect(existsSync(file), file).toBe(true);
                expect((await other.run(["stat", file])).stderr).toContain("Permission denied");
            }
        });

        test("its sockets", async () => {
            expect(statSync(place.nodePortSocket).isSocket()).toBe(true);
            const script = `net.connect(${JSON.stringify(place.nodePortSocket)}).on("error", (e) => console.log(e.code))`;
            expect((await other.run([process.execPath, "--eval", script])).stdout).toBe("EACCES\n");
            // In the network that all users have.
            const pids = new Set(owner.processes().map(({ pid }) => `pid=${pid},`));
            const sockets = execFileSync("ss", ["--listening", "--unix", "--processes", "--no-header"], {
                encoding: "utf8",
            }).split("\n");
            expect(sockets.filter((line) => [...pids].some((pid) => line.includes(pid)))).toEqual([]);
        });

        test("its ports but for the node ports, which are on loopback alone", async () => {
            const services = JSON.parse(await inLab("kubectl", "get", "services", "-A", "-o", "json")) as {
                items: { spec: { ports?: { nodePort?: number; protocol: string }[] } }[];
            };
            const nodePorts = services.items.flatMap(({ spec: { ports = [] } }) =>
                ports.flatMap(({ nodePort, protocol }) => (nodePort && protocol === "TCP" ? nodePort : [])),
            );
            expect(nodePorts).toContain(NODE_PORT);
            expect(openPorts(owner)).toEqual(nodePorts.sort((a, b) => a - b).map((port) => `127.0.0.1:${port}`));
        });

        test("its API server, etcd and kubelet, which no address of the machine has", async () => {
            const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
                all.map(({ address }) => address),
            );
            expect(addresses).not.toContain(NODE_IP);
            for (const port of [6443, 2379, 2380, 10_250, 10_257])
                expect(await connects(port), String(port)).toBe(false);
        });

        test("its processes: their environment, their root, their namespaces, and their lives", async () => {
            const envoy = owner.processes().find(({ program }) => program === "envoy")!;
            const apiServer = owner.processes().find(({ program }) => program === "kube-apiserver")!;
            for (const { pid } of [envoy, apiServer]) {
                for (const file of ["environ", "root/", "ns/net"])
                    expect((await other.run(["cat", `/proc/${pid}/${file}`])).stderr).toContain("Permission denied");
                const enter = ["nsenter", `--target=${pid}`, "--user", "--net", "true"];
                expect((await other.run(enter)).stderr).toMatch(/Permission denied|Operation not permitted/);
                expect((await other.run(["sh", "-c", `kill ${pid}`])).stderr).toContain("Operation not permitted");
            }
        });
    });

    test("is stopped: no process and no port is left; started again it answers", async () => {
        const stopped = await lab(owner, ["stop"]);
        expect(stopped.code, printed(stopped)).toBe(0);
        await nothingRuns(owner);
        expect((await lab(owner, ["exec", "true"])).stderr).toContain("does not run");
        expect((await lab(owner, ["start"])).code).toBe(0);
        await untilAnswered(URL);
    });

    test("has its stack destroyed, beside what the machine's root has in the temporary directory", async () => {
        // Its owner is user 0 in there.
        mkdirSync(join(tmpdir(), "tsx-0"), { recursive: true });
        await inLab("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive");
        expect(await inLab("kubectl", "get", "namespace", "--output", "name")).not.toContain(BOOKINFO_NAMESPACE);
    });

    test("is taken down whole although its supervisor was killed, and reset leaves nothing", async () => {
        const { pid } = JSON.parse(readFileSync(join(place.run, "supervisor.json"), "utf8")) as { pid: number };
        process.kill(pid, "SIGKILL");
        expect(owner.processes().length).toBeGreaterThan(10);
        const reset = await lab(owner, ["reset"]);
        expect(reset.code, printed(reset)).toBe(0);
        await nothingRuns(owner);
        expect(existsSync(place.state)).toBe(false);
        expect(execFileSync("find", [owner.home, "!", "-user", owner.name], { encoding: "utf8" })).toBe("");
        expect(readFileSync("/proc/mounts", "utf8")).not.toContain(owner.home);
    });
});

/** Waits for the compilers of the project's own commands, too, which end a moment after these. */
async function nothingRuns(user: MachineUser): Promise<void> {
    await eventually(
        () => Promise.resolve(user.processes()),
        (left) => left.length === 0,
        "no process of the user is left",
    );
    expect(openPorts(user)).toEqual([]);
}

/** The addresses that a user's processes listen on, in the network that all users have, by port. */
function openPorts(user: MachineUser): string[] {
    const listening = ["tcp", "tcp6"].flatMap((table) =>
        readFileSync(`/proc/net/${table}`, "utf8")
            .split("\n")
            .slice(1)
            .map((line) => line.trim().split(/\s+/))
            .filter((fields) => fields[3] === "0A" && user.owns(Number(fields[7])))
            .map((fields) => fields[1]!),
    );
    return listening
        .map((local) => {
            const [address = "", port = ""] = local.split(":");
            // The bytes of an IPv4 address, the last one first.
            const bytes = address.length === 8 ? Buffer.from(address, "hex").reverse().join(".") : address;
            return { bytes, port: parseInt(port, 16) };
        })
        .sort((a, b) => a.port - b.port)
        .map(({ bytes, port }) => `${bytes}:${port}`);
}

/** Whether somebody listens on a port of loopback. */
function connects(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = createConnection(port, "127.0.0.1", () => {
            resolve(true);
            socket.destroy();
        });
        socket.on("error", () => resolve(false));
    });
}
