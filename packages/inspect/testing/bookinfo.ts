import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A product page as far as the inspection reads it: upstream prints the pod on a line of its own, older ones in an
 * element.
 */
export const productPage = (pod: string): string =>
    `<html><h4>Book Reviews</h4><div>Reviews served by: \n                  ${pod}\n                  ` +
    `</div><p>Reviews served by: <u>${pod}</u></p></html>`;

/** A server on loopback that takes the place of a product page. */
export interface FakeBookinfo {
    readonly url: URL;
    /** Requests that are being answered. */
    readonly underWay: () => number;
    /** The most of them at the same time. */
    readonly most: () => number;
    readonly connections: () => number;
    readonly requests: readonly IncomingMessage[];
    stop(): Promise<void>;
}

export async function fakeBookinfo(
    handle: (request: IncomingMessage, response: ServerResponse, number: number) => void,
): Promise<FakeBookinfo> {
    const requests: IncomingMessage[] = [];
    let underWay = 0;
    let most = 0;
    let connections = 0;
    const server: Server = createServer((request, response) => {
        requests.push(request);
        underWay++;
        most = Math.max(most, underWay);
        response.once("close", () => underWay--);
        handle(request, response, requests.length);
    });
    server.on("connection", () => connections++);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return {
        url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/productpage`),
        underWay: () => underWay,
        most: () => most,
        connections: () => connections,
        requests,
        stop: async () => {
            server.closeAllConnections();
            await new Promise((closed) => server.close(closed));
        },
    };
}
