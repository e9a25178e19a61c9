import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PartStatus, StatusBoard } from "../../src/control-plane/status";
import { labPlace } from "../../src/place";
import type { KubeletApi } from "../../src/pods/kubelet-api";
import { PodAddresses } from "../../src/pods/network";
import type { PodFile } from "../../src/pods/pod-file";
import { PodReport } from "../../src/pods/pod-report";
import { type ContainerState, waiting } from "../../src/pods/pod-status";

const POD: V1Pod = {
    metadata: { namespace: "ns", name: "p", uid: "5f0c1e52-aaaa-bbbb-cccc-1234567890ab" },
    spec: {
        initContainers: [{ name: "istio-init", image: "proxyv2:1" }],
        containers: [{ name: "app", image: "x:1" }],
    },
};
const RUNNING: ContainerState = { state: "running", ready: true, started: true, restarts: 0, pid: 7 };

describe("PodReport", () => {
    let home: string;
    let ended: AbortController;
    let reported: V1PodStatus[];
    let report: PodReport;
    const place = () => labPlace({ HOME: home });
    const podFile = () => JSON.parse(readFileSync(join(report.dir, "pod.json"), "utf8")) as PodFile;
    const onBoard = () =>
        (JSON.parse(readFileSync(join(home, "status.json"), "utf8")) as { pods: PartStatus[] }).pods.map(
            ({ name, state, detail = "" }) => `${name} ${state} ${detail}`.trimEnd(),
        );

    beforeEach(() => {
        home = mkdtempSync(join(tmpdir(), "report-"));
        ended = new AbortController();
        reported = [];
        const api = {
            reportStatus: (_: V1Pod, status: V1PodStatus) => Promise.resolve(void reported.push(status)),
        } as unknown as KubeletApi;
        const board = new StatusBoard(join(home, "status.json"), []);
        const host = { place: place(), api, board, addresses: new PodAddresses(), env: {}, dataPlane: true };
        report = new PodReport(POD, host, ended.signal);
    });
    afterEach(() => rmSync(home, { recursive: true }));

    it("tells the node server where a container runs, as soon as it does and until it does not", () => {
        report.containerChanged("app", RUNNING);
        const { state, logs } = place();
        const root = (name: string) => join(state, "pods", POD.metadata!.uid!, name, "root");
        expect(podFile()).toEqual({
            namespace: "ns",
            name: "p",
            uid: POD.metadata!.uid,
            networkNamespace: "/run/netns/istio-lab.pod-5f0c1e52-aaaa",
            containers: {
                "istio-init": { root: root("istio-init"), logFile: join(logs, "pod-ns-p-istio-init.log") },
                app: { pid: 7, root: root("app"), logFile: join(logs, "pod-ns-p-app.log") },
            },
        });
        report.containerChanged("app", waiting("CrashLoopBackOff", 1));
        expect(podFile().containers.app?.pid).toBeUndefined();
    });

    it("reports only the newest of changes that follow each other, and takes the pod off the board", async () => {
        report.takeAddress();
        report.containerChanged("app", RUNNING);
        expect(onBoard()).toEqual(["ns/p ready"]);
        await report.end();
        expect(reported).toHaveLength(1);
        expect(reported[0]).toMatchObject({ podIP: "10.244.128.1", containerStatuses: [{ name: "app", ready: true }] });
        expect(onBoard()).toEqual([]);
    });

    it("lets those wait that do not run", () => {
        report.containerChanged("app", RUNNING);
        report.allWait("CreateContainerError", "no space");
        expect(podFile().containers.app?.pid).toBe(7);
        report.containerChanged("app", waiting("PodInitializing"));
        report.allWait("CreateContainerError", "no space");
        expect(onBoard()).toEqual(["ns/p waiting CreateContainerError: no space"]);
    });

    it("tells nothing of a pod that is ended", async () => {
        report.containerChanged("app", RUNNING);
        ended.abort();
        report.containerChanged("app", waiting("CrashLoopBackOff"));
        await report.end();
        expect(podFile().containers.app?.pid).toBe(7);
        expect(reported).toEqual([]);
    });
});
