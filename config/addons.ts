import { z } from "zod";
import { choice, flag, nodePort, optional, setting } from "./setting";
import { dnsName, duration, quantity } from "./types";

/** In the walkthrough Kiali alone is open to users outside of the cluster. */
function serviceType(name: string, service: string, first: "NodePort" | "ClusterIP") {
    return choice(
        {
            description: `Type of the Service ${service}. With NodePort whoever reaches a node reaches ${name}.`,
            cost: "in place; its node port goes or becomes another",
        },
        first === "NodePort" ? ["NodePort", "ClusterIP"] : ["ClusterIP", "NodePort"],
    );
}

function storageClass(name: string) {
    return optional(
        {
            description: `StorageClass of ${name}'s volume; empty means the cluster's default class.`,
            cost: "refused once there is a volume",
        },
        "the name of a StorageClass",
        dnsName,
    );
}

const GROWTH = "in place where it grows and the class allows it (allowVolumeExpansion); else refused";
const SIZE = "a quantity such as 10Gi";
const TIME = "a number of hours, days or weeks such as 36h, 15d or 4w";

/** The addons, as groups of settings. */
export const addons = z.strictObject({
    kiali: z.strictObject({
        enabled: flag({ description: "Install Kiali.", cost: "false deletes it" }),
        serviceType: serviceType("Kiali", "kiali", "NodePort"),
        nodePort: nodePort({
            description: "Node port of Kiali's port 20001; 0 lets Kubernetes choose.",
            cost: "in place",
        }),
        access: choice(
            {
                description:
                    "Who may do what in Kiali: anonymous, anybody may change the mesh; view-only, anybody may look; " +
                    "token, whoever logs in with a ServiceAccount's token, what that account may do.",
                cost: "restart of Kiali",
            },
            ["anonymous", "view-only", "token"],
        ),
    }),
    jaeger: z.strictObject({
        enabled: flag({
            description: "Install Jaeger.",
            cost: "false deletes it, its traces and the tracing of the mesh; restart of Kiali",
        }),
        serviceType: serviceType("Jaeger's page", "tracing", "ClusterIP"),
        sampling: optional(
            {
                description:
                    "Share of the requests that are traced, in percent; empty means the mesh's own, which is all.",
                cost: "in place",
            },
            "a number from 0 to 100",
            z.number().min(0).max(100),
        ),
    }),
    prometheus: z.strictObject({
        enabled: flag({
            description: "Install Prometheus.",
            cost: "false deletes it, its volume and its metrics",
        }),
        serviceType: serviceType("Prometheus", "prometheus", "ClusterIP"),
        storageSize: optional(
            {
                description: "Size of a volume for Prometheus; empty means none, and a restart loses the metrics.",
                cost: `data: from none or to none the metrics are lost; ${GROWTH}`,
            },
            SIZE,
            quantity,
        ),
        storageClass: storageClass("Prometheus"),
        retention: setting(duration.default("15d"), {
            description: "How long metrics are kept.",
            allowed: TIME,
            cost: "restart of Prometheus, which loses its metrics without a volume; data older than a shorter time goes",
        }),
    }),
    grafana: z.strictObject({
        enabled: flag({ description: "Install Grafana.", cost: "false deletes it, and what was changed in it" }),
        serviceType: serviceType("Grafana", "grafana", "ClusterIP"),
    }),
    loki: z.strictObject({
        enabled: flag({ description: "Install Loki.", cost: "false deletes it, its volume and all logs" }),
        serviceType: serviceType("Loki", "loki", "ClusterIP"),
        storageSize: setting(quantity.default("10Gi"), {
            description: "Size of Loki's volume.",
            allowed: SIZE,
            cost: GROWTH,
        }),
        storageClass: storageClass("Loki"),
        retention: optional(
            {
                description: "How long logs are kept, a day at least; empty means for ever.",
                cost: "restart of Loki; data: logs older than that go",
            },
            TIME,
            duration.refine((text) => !/^([1-9]|1\d|2[0-3])h$/.test(text)),
        ),
    }),
});
