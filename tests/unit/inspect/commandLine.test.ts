import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../../inspect/commandLine";
import { UsageError } from "../../../inspect/error";

const parse = (line: string) => parseCommandLine(line.split(" ").filter((word) => word !== ""));

describe("a command line", () => {
    it("has its defaults", () => {
        expect(parse("doctor")).toEqual({
            section: "doctor", name: undefined, kubeconfig: undefined, context: undefined, namespaces: [], allNamespaces: false, rules: undefined, node: undefined,
            outputs: undefined, ask: true, nodePorts: [], json: false, findings: false, html: undefined, verbose: false,
        });
    });

    it("names what to look at", () => {
        expect(parse("nat reviews -n shop -n web --node cp --json --kubeconfig k --context c --no-ask -v")).toMatchObject({ section: "nat", name: "reviews", namespaces: ["shop", "web"], node: "cp", json: true, kubeconfig: "k", context: "c", ask: false, verbose: true });
        expect(parse("doctor -A --node-port 30080 --node-port 30081 --outputs o.json --html page.html")).toMatchObject({ allNamespaces: true, nodePorts: [30_080, 30_081], outputs: "o.json", html: "page.html" });
    });

    it("names where rules come from", () => {
        expect(parse("nat --rules a --rules b")).toMatchObject({ rules: { kind: "file", files: ["a", "b"] } });
        expect(parse("nat --ssh root@10.0.0.1 --ssh-port 2222 --identity key --known-hosts known --sudo")).toMatchObject({ rules: { kind: "ssh", target: "root@10.0.0.1", port: 2222, identity: "key", knownHosts: "known", sudo: true } });
    });

    it.each(["--help", "-h", "doctor --help"])("asks for help by %s", (line) => {
        expect(parse(line)).toBe("help");
    });

    it.each([
        ["", "Name a command: injection, proxy, nat, endpoints, doctor."],
        ["doctr", 'There is no command "doctr"; allowed: injection, proxy, nat, endpoints, doctor.'],
        ["doctor all", 'The command doctor takes no name, not "all".'],
        ["proxy a b", 'The command proxy takes one name at most, not "b".'],
        ["doctor --jsno", "Unknown option '--jsno'; see: npm run inspect -- --help"],
        ["doctor --context", "Option '--context <value>' argument missing; see: npm run inspect -- --help"],
        ["nat -n a -A", "Name namespaces with --namespace, or all of them with --all-namespaces, not both."],
        ["nat --ssh host --rules file", "Take the rules from a node with --ssh, or from files with --rules, not both."],
        ["nat --sudo", "--sudo goes with --ssh <host> only."],
        ["nat --identity key", "--identity goes with --ssh <host> only."],
        ["nat --ssh=-oProxyCommand=x", '--ssh is "-oProxyCommand=x", but it names a host, such as root@10.0.0.1.'],
        ["nat --ssh host --ssh-port 0", '--ssh-port is "0", but it is a port from 1 to 65535.'],
        ["doctor --node-port 70000", '--node-port is "70000", but it is a port from 1 to 65535.'],
        ["doctor --json --findings", "Print everything with --json, or the findings alone with --findings, not both."],
        ["doctor --outputs - --rules -", "Standard input can be the rules or the outputs, not both."],
        ["proxy productpage --html page.html", 'The page of --html shows everything: leave the name "productpage" out.'],
    ])("%j is refused: %s", (line, message) => {
        expect(() => parse(line)).toThrow(new UsageError(message));
    });

    it("for endpoints needs the outputs", () => {
        expect(() => parse("endpoints")).toThrow(UsageError);
        expect(parse("endpoints --outputs -")).toMatchObject({ section: "endpoints", outputs: "-" });
    });
});
