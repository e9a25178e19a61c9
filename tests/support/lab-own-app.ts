import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Lab } from "./lab";
import { eventually, getAll } from "./lab-objects";
import { Stack } from "./lab-stack";

/** What the examples of an own app tell. */
interface Outputs {
    endpoint: { service: string; ports: { name: string; nodePort: number }[] };
    istioVersion: string;
}

/** An example of an own app, copied out of the repository as a user would. */
export class OwnApp {
    readonly dir = mkdtempSync(join(tmpdir(), "own-app-"));
    /** The examples have the same project. */
    private readonly stack: string;

    constructor(
        private readonly lab: Lab,
        example: string,
    ) {
        this.stack = `${example}-lab`;
        cpSync(join(lab.place.repository, "examples", example), this.dir, { recursive: true });
    }

    pulumi(...args: string[]): Promise<string> {
        return this.lab.output(["pulumi", "-C", this.dir, ...args, "--non-interactive", "--color", "never"]);
    }

    /** `up` or `destroy`. */
    change(command: string, ...args: string[]): Promise<string> {
        return this.pulumi(command, "--yes", "--skip-preview", "--suppress-outputs", "--stack", this.stack, ...args);
    }

    /** Makes its stack, on a cluster without another control plane: a cluster takes one. */
    async makeStack(): Promise<void> {
        const walkthrough = new Stack(this.lab);
        if ((await walkthrough.resources()).length > 0) await walkthrough.destroy();
        await this.pulumi("stack", "init", this.stack);
        await this.pulumi("config", "set", "context", "lab", "--stack", this.stack);
        await this.pulumi("config", "set", "bundle", walkthrough.settings().bundle!, "--stack", this.stack);
    }

    /** Brings it up: control plane, gateway and app with its sidecar, no Bookinfo. */
    async comesUp(): Promise<void> {
        await this.change("up");
        expect(await this.outputs()).toMatchObject({ istioVersion: "1.25.1", endpoint: { service: "entrance-istio" } });
        expect(await getAll(this.lab, "namespace", "istio-sample")).toEqual([]);
        const [pod] = await getAll(this.lab, "pods", "--namespace", "shop", "--selector", "app=shop");
        expect(JSON.stringify(pod)).toContain('"istio-proxy"');
    }

    private async outputs(): Promise<Outputs> {
        return JSON.parse(await this.pulumi("stack", "output", "--json", "--stack", this.stack)) as Outputs;
    }

    /** Waits until the app answers through its gateway. @returns the status of another host name. */
    async answers(): Promise<string> {
        const { endpoint } = await this.outputs();
        const { nodePort } = endpoint.ports.find(({ name }) => name === "http")!;
        const status = async (host: string) => {
            const request = ["--header", `Host: ${host}`, `http://127.0.0.1:${nodePort}/get`];
            const answer = ["--silent", "--max-time", "5", "--output", "/dev/null", "--write-out", "%{http_code}"];
            // Not its exit code: a node refuses connections until kube-proxy has learnt of the gateway's pods, too.
            return (await this.lab.run(["curl", ...answer, ...request])).stdout;
        };
        await eventually(
            () => status("shop.example.com"),
            (code) => code === "200",
            "the app answers",
        );
        return status("other.example.com");
    }

    /** Removes the copy, and its stack if that was destroyed. */
    async remove(): Promise<void> {
        await this.lab.run(["pulumi", "-C", this.dir, "stack", "rm", "--yes", "--stack", this.stack]);
        rmSync(this.dir, { recursive: true, force: true });
    }
}
