import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { UsageError } from "@istio-on-pulumi/kube";
import { workloadFor } from "../../src/workloads/applications";
import { readSettings } from "../../src/workloads/settings";

describe("readSettings", () => {
    it("has upstream's defaults; an empty variable counts as unset", () => {
        const defaults = {
            ports: [9080],
            address: undefined,
            pod: hostname(),
            cluster: "null",
            backends: {
                details: { host: "details", port: 9080 },
                ratings: { host: "ratings", port: 9080 },
                reviews: { host: "reviews", port: 9080 },
            },
        };
        expect(readSettings({})).toEqual(defaults);
        expect(
            readSettings({
                LAB_PORTS: "",
                LAB_ADDRESS: "",
                HOSTNAME: "",
                CLUSTER_NAME: "",
                SERVICES_DOMAIN: "",
                DETAILS_HOSTNAME: "",
                DETAILS_SERVICE_PORT: "",
            }),
        ).toEqual(defaults);
    });

    it("takes every variable", () => {
        const env = {
            LAB_PORTS: "8080, 9090,8080,0,0",
            LAB_ADDRESS: "127.0.0.1",
            HOSTNAME: "pod-1",
            CLUSTER_NAME: "east",
            SERVICES_DOMAIN: "istio-sample.svc",
            REVIEWS_HOSTNAME: "other",
            RATINGS_SERVICE_PORT: "81",
        };
        expect(readSettings(env)).toEqual({
            ports: [8080, 9090, 0, 0],
            address: "127.0.0.1",
            pod: "pod-1",
            cluster: "east",
            backends: {
                details: { host: "details.istio-sample.svc", port: 9080 },
                ratings: { host: "ratings.istio-sample.svc", port: 81 },
                reviews: { host: "other.istio-sample.svc", port: 9080 },
            },
        });
    });

    it.each(["http", "9080,x", "-1", "65536", "9080.5", ","])("refuses LAB_PORTS %j", (LAB_PORTS) => {
        expect(() => readSettings({ LAB_PORTS })).toThrow(
            new UsageError(
                `LAB_PORTS is "${LAB_PORTS}": set it to TCP ports from 0 (any free one) to 65535, ` +
                    "separated by commas, such as 9080 or 8080,9090.",
            ),
        );
    });

    it.each(["tcp://10.0.0.1:9080", "0", "65536"])("refuses a backend's port %j", (DETAILS_SERVICE_PORT) => {
        expect(() => readSettings({ DETAILS_SERVICE_PORT })).toThrow(
            new UsageError(`DETAILS_SERVICE_PORT is "${DETAILS_SERVICE_PORT}": set it to a TCP port from 1 to 65535.`),
        );
    });
});

describe("workloadFor", () => {
    it.each([
        "productpage",
        "productpage v1",
        "details",
        "ratings v1",
        "reviews v1",
        "reviews v2",
        "reviews v3",
        "echo",
    ])("knows %s", (args) => {
        expect(workloadFor(args.split(" "))).toMatchObject({ name: args.split(" ")[0], allPorts: args === "echo" });
    });

    it.each([
        [[], "No application is named: give one of productpage, details, ratings, reviews, jaeger, echo."],
        [["mysql"], '"mysql" is no application: give one of productpage, details, ratings, reviews, jaeger, echo.'],
        [
            ["constructor"],
            '"constructor" is no application: give one of productpage, details, ratings, reviews, jaeger, echo.',
        ],
        [["reviews"], "reviews needs a version: give v1, v2, v3."],
        [["reviews", "v4"], '"v4" is no version of reviews: give v1, v2, v3.'],
        [["ratings", "v2"], '"v2" is no version of ratings: give none or v1.'],
        [["echo", "v1"], '"v1" is no version of echo: give none.'],
        [["reviews", "v1", "9080"], '"9080" is too much: give an application and a version, such as reviews v2.'],
    ])("refuses %j", (args, sentence) => {
        expect(() => workloadFor(args)).toThrow(new UsageError(sentence));
    });
});
