/** The plugin's gRPC face. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Engine } from "../rpc/engine";
import { handshake } from "../rpc/handshake";
import { FIELDS } from "../rpc/provider-messages";
import { unary } from "../rpc/server";
import { structOf, withStruct } from "../rpc/struct-fields";
import { parseUrn } from "../rpc/urn";
import { type Change, diffInputs } from "./diff";
import { Resources } from "./resources";
import { checkInputs } from "./schema";
import { COMMAND_VERSION } from "./version";

export function commandService(engine: Engine): UntypedServiceImplementation {
    const cancelled = new AbortController();
    const resources = new Resources(engine, cancelled.signal);
    return {
        ...handshake(engine, COMMAND_VERSION, cancelled),
        checkConfig: unary((request: pb.CheckRequest) =>
            withStruct(new pb.CheckResponse(), FIELDS.checked.inputs, structOf(request, FIELDS.check.news)),
        ),
        diffConfig: unary(() => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE)),
        configure: unary(() =>
            new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true).setAcceptresources(true),
        ),
        check: unary((request: pb.CheckRequest) => {
            const { type } = parseUrn(request.getUrn());
            const { inputs, failures } = checkInputs(type, structOf(request, FIELDS.check.news));
            const response = withStruct(new pb.CheckResponse(), FIELDS.checked.inputs, inputs);
            for (const { property, reason } of failures) {
                response.addFailures(new pb.CheckFailure().setProperty(property).setReason(reason));
            }
            return response;
        }),
        diff: unary((request: pb.DiffRequest) => {
            const before = structOf(request, FIELDS.diff.oldInputs);
            const after = structOf(request, FIELDS.diff.news);
            return diffResponse(diffInputs(before, after, request.getIgnorechangesList()));
        }),
        create: unary(async (request: pb.CreateRequest) => {
            const inputs = structOf(request, FIELDS.create.properties);
            const { id, state } = await resources.create(request.getUrn(), inputs, request.getPreview());
            return withStruct(new pb.CreateResponse().setId(id), FIELDS.created.properties, state);
        }),
        update: unary(async (request: pb.UpdateRequest) => {
            const olds = structOf(request, FIELDS.update.olds);
            const news = structOf(request, FIELDS.update.news);
            const state = await resources.update(request.getUrn(), olds, news, request.getPreview());
            return withStruct(new pb.UpdateResponse(), FIELDS.updated.properties, state);
        }),
        // A command leaves nothing to look at: what is known of it is what it printed.
        read: unary((request: pb.ReadRequest) => {
            const response = new pb.ReadResponse().setId(request.getId());
            withStruct(response, FIELDS.readAnswer.properties, structOf(request, FIELDS.read.properties));
            return withStruct(response, FIELDS.readAnswer.inputs, structOf(request, FIELDS.read.inputs));
        }),
        delete: unary(async (request: pb.DeleteRequest) => {
            await resources.delete(request.getUrn(), structOf(request, FIELDS.delete.properties));
            return new Empty();
        }),
        invoke: unary(async (request: pb.InvokeRequest) => {
            const result = await resources.invoke(request.getTok(), structOf(request, FIELDS.invoke.args));
            return withStruct(new pb.InvokeResponse(), FIELDS.invoked.return, result);
        }),
    };
}

function diffResponse(changes: Map<string, Change>): pb.DiffResponse {
    const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = pb.PropertyDiff.Kind;
    const kinds = {
        add: [ADD, ADD_REPLACE],
        delete: [DELETE, DELETE_REPLACE],
        update: [UPDATE, UPDATE_REPLACE],
    } as const;
    const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
    const response = new pb.DiffResponse().setChanges(changes.size ? DIFF_SOME : DIFF_NONE).setHasdetaileddiff(true);
    response.setReplacesList([...changes].filter(([, change]) => change.replace).map(([path]) => path));
    response.setDiffsList([...changes.keys()]);
    for (const [path, { kind, replace }] of changes) {
        response.getDetaileddiffMap().set(path, new pb.PropertyDiff().setKind(kinds[kind][replace ? 1 : 0]));
    }
    return response;
}
