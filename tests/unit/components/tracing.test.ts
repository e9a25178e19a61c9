import * as k8s from "@pulumi/kubernetes";
import { expect, it } from "vitest";
import { Tracing } from "../../../components";
import { Recording } from "../../support/mocks";

it("has every proxy of the mesh send its spans to the profile's provider jaeger", async () => {
    const recording = await Recording.start();
    new Tracing("tracing", {}, { provider: new k8s.Provider("test", {}) });
    await recording.settled();
    expect(recording.one("kubernetes:telemetry.istio.io/v1:Telemetry", "tracing-mesh-default").inputs).toEqual({
        apiVersion: "telemetry.istio.io/v1",
        kind: "Telemetry",
        metadata: { name: "mesh-default", namespace: "istio-system" },
        spec: { tracing: [{ providers: [{ name: "jaeger" }] }] },
    });
});
