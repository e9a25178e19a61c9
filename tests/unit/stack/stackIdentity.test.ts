import { describe, expect, it } from "vitest";
import { StackIdentity } from "../../../stack/stackIdentity";
import { Recording, valueOf } from "../../support/mocks";

const COMMAND = "command:local:Command";
const UID = "11111111-2222-4333-8444-555555555555";

describe("StackIdentity", () => {
    it("is a command that does nothing, keeps the cluster's UID, and never changes", async () => {
        const recording = await Recording.start();
        new StackIdentity("stack", { clusterUid: UID });
        await recording.settled();
        expect(recording.one(COMMAND, "stack")).toMatchObject({
            parent: "istio-on-pulumi:index:StackIdentity::stack",
            inputs: { create: "exit 0", environment: { CLUSTER_UID: UID } },
            ignoreChanges: ["create", "environment"],
        });
    });

    it("tells what the state holds, not what it was given", async () => {
        const kept = { id: "stack0a1b2c3d", outputs: { environment: { CLUSTER_UID: "the first one" } } };
        await Recording.start({ answers: { [COMMAND]: () => kept } });
        const identity = new StackIdentity("stack", { clusterUid: UID });
        expect(await identity.known()).toEqual({ id: "stack0a1b2c3d", clusterUid: "the first one" });
    });

    it("has none in a preview before the first update", async () => {
        await Recording.start({ preview: true });
        expect((await new StackIdentity("stack", { clusterUid: UID }).known()).id).toBeUndefined();
    });

    it("is the one that the settings name, in a preview before the first update too", async () => {
        await Recording.start({ preview: true });
        const identity = new StackIdentity("stack", { clusterUid: UID, id: "stack99999999" });
        expect((await identity.known()).id).toBe("stack99999999");
        expect(await valueOf(identity.id)).toBe("stack99999999");
    });
});
