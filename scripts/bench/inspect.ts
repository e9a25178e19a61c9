/**
 * How long it takes to parse a node's rules and join them with the cluster, and how much memory it needs:
 * 10,000 Services, about 60,000 rules. Prints figures and judges nothing.
 *   npm run bench:inspect [-- <services> [<runs>]]
 */
import type { V1EndpointSlice, V1Pod, V1Service } from "@kubernetes/client-node";
import { type ClusterSnapshot, joinServices, parseSave, readNat } from "@istio-on-pulumi/inspect";
import { emptySnapshot, node, pod, type ProxiedPort, ruleSet, service, slice } from "@istio-on-pulumi/inspect/testing";

const address = (network: number, index: number) =>
    `10.${network + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

/** A cluster in which every third Service has two endpoints, and the others one. */
function makeInput(count: number): { rules: string; snapshot: ClusterSnapshot } {
    const ports: ProxiedPort[] = [];
    const services: V1Service[] = [];
    const slices: V1EndpointSlice[] = [];
    const pods: V1Pod[] = [];
    for (let at = 0; at < count; at++) {
        const namespace = `team-${at % 100}`;
        const name = `service-${at}`;
        const clusterIP = address(96, at + 1);
        const members = Array.from({ length: at % 3 === 0 ? 2 : 1 }, (_, replica) => {
            const ip = address(128, pods.length + 1);
            pods.push(pod({ namespace, name: `${name}-${replica}`, ip, labels: { app: name } }));
            return { address: ip, pod: `${name}-${replica}` };
        });
        services.push(service({ namespace, name, clusterIP }));
        slices.push(slice({ namespace, service: name, endpoints: members }));
        ports.push({
            name: `${namespace}/${name}:http`,
            clusterIP,
            port: 9080,
            endpoints: members.map((member) => ({ address: member.address, port: 9080 })),
        });
    }
    // With so many endpoints kube-proxy writes few comments.
    const rules = ruleSet(ports, { comments: false });
    return { rules, snapshot: { ...emptySnapshot, services, endpointSlices: slices, pods, nodes: [node()] } };
}

/** Wall clock and this process's own processor time: on a busy machine they differ. */
const clock = () => ({ wall: performance.now(), cpu: process.cpuUsage() });
function since({ wall, cpu }: ReturnType<typeof clock>): string {
    const { user, system } = process.cpuUsage(cpu);
    return `${(performance.now() - wall).toFixed(0)} ms (processor ${((user + system) / 1000).toFixed(0)} ms)`;
}
const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;

function main([services = "10000", runs = "3"]: string[]): void {
    const { rules, snapshot } = makeInput(Number(services));
    const lines = rules.split("\n").filter((line) => line.startsWith("-A ")).length;
    console.log(
        `${services} Services, ${lines} rules (${megabytes(rules.length)} of text), ${snapshot.pods.length} ` +
            `pods; Node.js ${process.versions.node}`,
    );
    console.log(`resident before: ${megabytes(process.memoryUsage().rss)}, of it the input's objects and text`);
    for (let run = 1; run <= Number(runs); run++) {
        const start = clock();
        const saved = parseSave(rules);
        const parsed = since(start);
        const afterParse = clock();
        const reading = readNat(saved);
        const read = since(afterParse);
        const afterRead = clock();
        const { paths, findings } = joinServices(reading, snapshot);
        const joined = since(afterRead);
        console.log(`run ${run}: parse ${parsed}, chains ${read}, join ${joined}; together ${since(start)}`);
        console.log(
            `       ${paths.length} paths, ${findings.length} findings; heap in use ` +
                `${megabytes(process.memoryUsage().heapUsed)}; peak resident of the whole process so far ` +
                megabytes(process.resourceUsage().maxRSS * 1024),
        );
    }
}

main(process.argv.slice(2));
