import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClusterClient } from "@istio-on-pulumi/kube";
import { makeAsker } from "../../src/endpoints";

let server: Server;
let port: number;

beforeAll(async () => {
    server = createServer((request, response) => {
        response.statusCode = Number(request.url!.slice(1)) || 200;
        response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise((closed) => server.close(closed)));

/** A client of an API server whose proxy answers so. */
const client = (status: number, body: unknown) =>
    ({ tryGet: () => Promise.resolve({ status, body }) }) as unknown as ClusterClient;
const refusing = client(503, { kind: "Status" });
const question = {
    namespace: "shop",
    service: "productpage",
    portName: "http",
    port: 9,
    protocol: "TCP",
    dataPlane: true,
};

describe("an endpoint that is asked", () => {
    it.each([
        ["200", "answers"],
        ["302", "answers"],
        ["404", "fails"],
        ["503", "fails"],
    ])("by its URL, and says HTTP %s, %s", async (status, state) => {
        expect(await makeAsker(refusing)({ ...question, url: `http://127.0.0.1:${port}/${status}` })).toEqual({
            state,
            text: `HTTP ${status}`,
        });
    });

    it("at a port that is closed fails, or says nothing where no containers run", async () => {
        const url = "http://127.0.0.1:1/";
        expect(await makeAsker(refusing)({ ...question, url })).toMatchObject({ state: "fails" });
        expect(await makeAsker(refusing)({ ...question, url, dataPlane: false })).toEqual({
            state: "not asked",
            text: "no data plane in the lab: kwok simulates its pods, and no container runs",
        });
    });

    it("at a cluster IP that this machine reaches answers by TCP", async () => {
        expect(await makeAsker(refusing)({ ...question, clusterIP: "127.0.0.1", port })).toEqual({
            state: "answers",
            text: "TCP",
        });
    });

    it("is asked by the API server's proxy where this machine does not reach it", async () => {
        const proxied = (status: number, body: unknown) =>
            makeAsker(client(status, body))({ ...question, clusterIP: "127.0.0.1", port: 1 });
        expect(await proxied(200, "")).toEqual({ state: "answers", text: "HTTP, by the API server" });
        expect(await proxied(404, "<html>")).toEqual({
            state: "answers",
            text: "HTTP 404, by the API server",
        });
        expect(await proxied(503, { kind: "Status" })).toEqual({
            state: "fails",
            text: "HTTP 503, by the API server",
        });
        expect(await proxied(403, { kind: "Status" })).toEqual({
            state: "not asked",
            text: "this user may not use the API server's proxy",
        });
    });

    it("speaking what is not HTTP is left alone from afar", async () => {
        expect(
            await makeAsker(refusing)({ ...question, portName: "grpc-otel", clusterIP: "127.0.0.1", port: 1 }),
        ).toEqual({ state: "not asked", text: "not reached from this machine" });
        expect(await makeAsker(refusing)({ ...question, protocol: "UDP" })).toEqual({
            state: "not asked",
            text: "UDP gives no sign",
        });
    });
});
