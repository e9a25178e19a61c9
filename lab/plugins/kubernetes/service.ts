/** The plugin's gRPC face: translates requests and answers, and leaves the work to the rooms. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Engine } from "../rpc/engine";
import { handshake } from "../rpc/handshake";
import { unary } from "../rpc/server";
import { FIELDS } from "../rpc/provider-messages";
import { structOf, withStruct } from "../rpc/struct-fields";
import type { Props } from "../rpc/values";
import { Provider } from "./provider";
import { checkConfig, type Failure } from "./provider/check-config";
import { diffConfig } from "./provider/diff-config";
import { readSettings } from "./provider/settings";
import type { PropertyChange } from "./resource/detailed-diff";
import { PROVIDER_VERSION } from "./version";

export function providerService(engine: Engine): UntypedServiceImplementation {
    const cancelled = new AbortController();
    let configured: Provider | undefined;
    const provider = (): Provider => {
        if (!configured) throw new Error("the plugin was asked to work before it was configured");
        return configured;
    };
    return {
        ...handshake(engine, PROVIDER_VERSION, cancelled),
        checkConfig: unary((request: pb.CheckRequest) => {
            const news = structOf(request, FIELDS.check.news);
            return checked(news, checkConfig(news, request.getUrn()));
        }),
        diffConfig: unary((request: pb.DiffRequest) => {
            const { diffs, replaces } = diffConfig(structOf(request, FIELDS.diff.olds), structOf(request, FIELDS.diff.news));
            const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
            const response = new pb.DiffResponse().setChanges(diffs.length ? DIFF_SOME : DIFF_NONE);
            response.setDiffsList(diffs);
            response.setReplacesList(replaces);
            return response;
        }),
        configure: unary(async (request: pb.ConfigureRequest) => {
            const variables = new Map<string, string>();
            request.getVariablesMap().forEach((value: string, key: string) => variables.set(key, value));
            configured = await Provider.configure(engine, readSettings(variables), cancelled.signal);
            return new pb.ConfigureResponse()
                .setAcceptsecrets(true)
                .setSupportspreview(true)
                .setSupportsAutonamingConfiguration(true);
        }),
        check: unary(async (request: pb.CheckRequest) => {
            const { inputs, failures } = await provider().check({
                urn: request.getUrn(),
                olds: structOf(request, FIELDS.check.olds),
                news: structOf(request, FIELDS.check.news),
                randomSeed: request.getRandomseed_asU8(),
                autonaming: autonaming(request),
            });
            return checked(inputs, failures);
        }),
        diff: unary(async (request: pb.DiffRequest) => {
            const answer = await provider().diff({
                urn: request.getUrn(),
                olds: structOf(request, FIELDS.diff.olds),
                news: structOf(request, FIELDS.diff.news),
                ignoreChanges: request.getIgnorechangesList(),
            });
            return diffResponse(answer);
        }),
        create: unary(async (request: pb.CreateRequest) => {
            const { id, properties } = await provider().create({
                urn: request.getUrn(),
                properties: structOf(request, FIELDS.create.properties),
                timeout: request.getTimeout(),
                preview: request.getPreview(),
            });
            return withStruct(new pb.CreateResponse().setId(id), FIELDS.created.properties, properties);
        }),
        update: unary(async (request: pb.UpdateRequest) => {
            const properties = await provider().update({
                urn: request.getUrn(),
                olds: structOf(request, FIELDS.update.olds),
                properties: structOf(request, FIELDS.update.news),
                timeout: request.getTimeout(),
                preview: request.getPreview(),
                ignoreChanges: request.getIgnorechangesList(),
            });
            return withStruct(new pb.UpdateResponse(), FIELDS.updated.properties, properties);
        }),
        read: unary(async (request: pb.ReadRequest) => {
            const read = await provider().read({
                urn: request.getUrn(),
                id: request.getId(),
                properties: structOf(request, FIELDS.read.properties),
                inputs: structOf(request, FIELDS.read.inputs),
            });
            const response = new pb.ReadResponse();
            if (!read) return response;
            withStruct(response.setId(read.id), FIELDS.readAnswer.properties, read.properties);
            return withStruct(response, FIELDS.readAnswer.inputs, read.inputs);
        }),
        delete: unary(async (request: pb.DeleteRequest) => {
            await provider().delete({
                urn: request.getUrn(),
                id: request.getId(),
                properties: structOf(request, FIELDS.delete.properties),
                timeout: request.getTimeout(),
            });
            return new Empty();
        }),
        construct: unary((request: pb.ConstructRequest) => provider().construct(request)),
        invoke: unary(async (request: pb.InvokeRequest) => {
            const result = await provider().invoke(request.getTok(), structOf(request, FIELDS.invoke.args));
            return withStruct(new pb.InvokeResponse(), FIELDS.invoked.return, result);
        }),
    };
}

function checked(inputs: Props, failures: Failure[]): pb.CheckResponse {
    const response = withStruct(new pb.CheckResponse(), FIELDS.checked.inputs, inputs);
    for (const { property, reason } of failures) {
        response.addFailures(new pb.CheckFailure().setProperty(property).setReason(reason));
    }
    return response;
}

const MODES = ["propose", "enforce", "disable"] as const;

function autonaming(
    request: pb.CheckRequest,
): { proposedName: string; mode: (typeof MODES)[number] } | undefined {
    const options = request.getAutonaming();
    if (!options) return undefined;
    return { proposedName: options.getProposedName(), mode: MODES[options.getMode()] ?? "propose" };
}

export interface DiffResult {
    changes: Map<string, PropertyChange>;
    replaces: string[];
    deleteBeforeReplace: boolean;
    /** there is something to do even without a changed property */
    force?: boolean;
}

function diffResponse(answer: DiffResult): pb.DiffResponse {
    const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = pb.PropertyDiff.Kind;
    const kinds = {
        add: [ADD, ADD_REPLACE],
        delete: [DELETE, DELETE_REPLACE],
        update: [UPDATE, UPDATE_REPLACE],
    } as const;
    const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
    const response = new pb.DiffResponse()
        .setChanges(answer.changes.size || answer.force ? DIFF_SOME : DIFF_NONE)
        .setDeletebeforereplace(answer.deleteBeforeReplace)
        .setHasdetaileddiff(true);
    response.setReplacesList(answer.replaces);
    response.setDiffsList([...new Set([...answer.changes.keys()].map((path) => path.split(/[.[]/)[0] as string))]);
    for (const [path, change] of answer.changes) {
        const entry = new pb.PropertyDiff().setKind(kinds[change.kind][change.replace ? 1 : 0]);
        response.getDetaileddiffMap().set(path, entry.setInputdiff(change.inputDiff));
    }
    return response;
}
