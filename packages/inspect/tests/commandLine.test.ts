import { describe, expect, it } from "vitest";
import { UsageError } from "@istio-on-pulumi/kube";
import { type HelpWanted, parseCommandLine } from "../src/commandLine";
import { SECTIONS } from "../src/report";

const parse = (line: string) => parseCommandLine(line.split(" ").filter((word) => word !== ""));

describe("a command line", () => {
    it("has its defaults", () => {
        expect(parse("doctor")).toEqual({
            section: "doctor",
            name: undefined,
            kubeconfig: undefined,
            context: undefined,
            namespaces: [],
            allNamespaces: false,
            rules: undefined,
            node: undefined,
            outputs: undefined,
            ask: true,
            nodePorts: [],
            json: false,
            findings: false,
            html: undefined,
            verbose: false,
        });
    });

    it("names what to look at", () => {
        expect(
            parse("nat reviews -n shop -n web --node cp --json --kubeconfig k --context c --no-ask -v"),
        ).toMatchObject({
            section: "nat",
            name: "reviews",
            namespaces: ["shop", "web"],
            node: "cp",
            json: true,
            kubeconfig: "k",
            context: "c",
            ask: false,
            verbose: true,
        });
        expect(parse("doctor -A --node-port 30080 --node-port 30081 --outputs o.json --html page.html")).toMatchObject({
            allNamespaces: true,
            nodePorts: [30_080, 30_081],
            outputs: "o.json",
            html: "page.html",
        });
    });

    it("names where rules come from", () => {
        expect(parse("nat --rules a --rules b")).toMatchObject({ rules: { kind: "file", files: ["a", "b"] } });
        expect(
            parse("nat --ssh root@10.0.0.1 --ssh-port 2222 --identity key --known-hosts known --sudo"),
        ).toMatchObject({
            rules: {
                kind: "ssh",
                target: "root@10.0.0.1",
                port: 2222,
                identity: "key",
                knownHosts: "known",
                sudo: true,
            },
        });
    });

    it.each(["--help", "-h", "doctor --help", "-h nonsense"])("asks for help by %s", (line) => {
        const { help } = parse(line) as HelpWanted;
        for (const section of SECTIONS) expect(help).toMatch(new RegExp(`^  ${section} `, "m"));
        expect(help).toMatch(/^ {2}--requests <number> +how many, 1 to 100000; default: 300$/m);
        expect(help).toMatch(/^ {2}--timeout <seconds> +how long one may take, 1 to 300; default: 10$/m);
    });

    it.each([
        ["", "Name a command: injection, proxy, nat, endpoints, traffic, doctor."],
        ["doctr", 'There is no command "doctr"; allowed: injection, proxy, nat, endpoints, traffic, doctor.'],
        ["doctor all", 'The command doctor takes no name, not "all".'],
        ["proxy a b", 'The command proxy takes one name at most, not "b".'],
        ["doctor --jsno", "Unknown option '--jsno' (did you mean --json?); see: npm run inspect -- --help"],
        ["-z doctor", "Unknown option '-z'; see: npm run inspect -- --help"],
        ["--json", "Name a command: injection, proxy, nat, endpoints, traffic, doctor."],
        ["doctor --context", "Option '--context <name>' argument missing; see: npm run inspect -- --help"],
        ["doctor --context --json", 'An option needs a value, but "--json" follows it; see: npm run inspect -- --help'],
        ["nat -n a -A", "Name namespaces with --namespace, or all of them with --all-namespaces, not both."],
        ["nat --ssh host --rules file", "Take the rules from a node with --ssh, or from files with --rules, not both."],
        ["nat --sudo", "--sudo goes with --ssh <host> only."],
        ["nat --identity key", "--identity goes with --ssh <host> only."],
        ["nat --ssh=-oProxyCommand=x", '--ssh is "-oProxyCommand=x", but it names a host, such as root@10.0.0.1.'],
        ["nat --ssh host --ssh-port 0", '--ssh-port is "0", but it is a port from 1 to 65535.'],
        ["doctor --node-port 70000", '--node-port is "70000", but it is a port from 1 to 65535.'],
        ["doctor --json --findings", "Print everything with --json, or the findings alone with --findings, not both."],
        ["doctor --outputs - --rules -", "Standard input can be the rules or the outputs, not both."],
        ["traffic reviews", 'The command traffic takes no name, not "reviews".'],
        ["traffic --requests 0", '--requests is "0", but it is a number of requests from 1 to 100000.'],
        ["traffic --requests 100001", '--requests is "100001", but it is a number of requests from 1 to 100000.'],
        ["traffic --requests 1e3", '--requests is "1e3", but it is a number of requests from 1 to 100000.'],
        [
            "traffic --concurrency 65",
            '--concurrency is "65", but it is a number of requests at the same time from 1 to 64.',
        ],
        ["traffic --timeout 0.5", '--timeout is "0.5", but it is a number of seconds from 1 to 300.'],
        [
            "traffic --url 10.0.0.1:30080",
            '--url is "10.0.0.1:30080", but it is a URL of HTTP without a password, such as ' +
                "http://10.0.0.1:30080/productpage.",
        ],
        ["traffic --no-ask", "The command traffic sends requests: leave --no-ask out."],
        ["doctor --requests 5", "--requests goes with the command traffic only."],
        ["nat --keep-alive", "--keep-alive goes with the command traffic only."],
        [
            "proxy productpage --html page.html",
            'The page of --html shows everything: leave the name "productpage" out.',
        ],
    ])("%j is refused: %s", (line, message) => {
        expect(() => parse(line)).toThrow(new UsageError(message));
    });

    it("says what is sent, and by itself 300 requests, 4 at a time", () => {
        expect(parse("traffic")).toMatchObject({
            section: "traffic",
            traffic: { url: undefined, requests: 300, concurrency: 4, timeout: 10_000, keepAlive: false },
        });
        expect(
            parse("traffic --url http://10.0.0.1:30080 --requests 100000 --concurrency 64 --timeout 300 --keep-alive"),
        ).toMatchObject({
            traffic: {
                url: "http://10.0.0.1:30080/productpage",
                requests: 100_000,
                concurrency: 64,
                timeout: 300_000,
                keepAlive: true,
            },
        });
        expect(parse("doctor")).toMatchObject({ traffic: undefined });
    });

    it("for endpoints needs the outputs", () => {
        expect(() => parse("endpoints")).toThrow(UsageError);
        expect(parse("endpoints --outputs -")).toMatchObject({ section: "endpoints", outputs: "-" });
    });
});
