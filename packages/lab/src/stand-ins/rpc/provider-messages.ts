import type { ServiceDefinition } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { fastService } from "./struct-fields";

/** The numbers of the Struct fields of a provider's messages, as provider.proto gives them. */
export const FIELDS = {
    check: { olds: 2, news: 3 },
    checked: { inputs: 1 },
    diff: { olds: 3, news: 4, oldInputs: 6 },
    create: { properties: 2 },
    created: { properties: 2 },
    read: { properties: 3, inputs: 4 },
    readAnswer: { properties: 2, inputs: 3 },
    update: { olds: 3, news: 4, oldInputs: 8 },
    updated: { properties: 1 },
    delete: { properties: 3, oldInputs: 5 },
    construct: { inputs: 10 },
    constructed: { state: 2 },
    invoke: { args: 2 },
    invoked: { return: 1 },
} as const;

const requests = {
    checkConfig: FIELDS.check,
    diffConfig: FIELDS.diff,
    check: FIELDS.check,
    diff: FIELDS.diff,
    create: FIELDS.create,
    read: FIELDS.read,
    update: FIELDS.update,
    delete: FIELDS.delete,
    construct: FIELDS.construct,
    invoke: FIELDS.invoke,
};

/** The provider service, with Struct fields beside the messages: use structOf and withStruct. */
export const PROVIDER_SERVICE: ServiceDefinition = fastService(
    ResourceProviderService,
    Object.fromEntries(Object.entries(requests).map(([name, fields]) => [name, { request: Object.values(fields) }])),
);
