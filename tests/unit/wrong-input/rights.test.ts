import { describe, expect, it } from "vitest";
import type { Replies } from "@istio-on-pulumi/kube/testing";
import { tryProgram } from "../../support/program";
import { expectRefused } from "../../support/sentence";

describe("rights", () => {
    const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    interface Attributes {
        verb: string;
        group: string;
        resource: string;
        namespace?: string;
        /** Asked only where all objects of the kind are denied. */
        name?: string;
    }
    const reviews = (allowed: (asked: Attributes) => boolean): Replies => ({
        [REVIEWS]: (body) => {
            const { spec } = body as { spec: { resourceAttributes: Attributes } };
            return { body: { status: { allowed: allowed(spec.resourceAttributes) } } };
        },
    });

    const isSame = (one: Attributes, other: Attributes) => JSON.stringify(one) === JSON.stringify(other);

    it("each that is missing alone is told by its verb and kind, and where", async () => {
        const asked = new Map<string, Attributes>();
        await tryProgram(
            {},
            { replies: reviews((each) => (asked.set(JSON.stringify(each), each), each.verb !== "*")) },
        );
        const needed = [...asked.values()].filter(({ verb }) => verb !== "*");
        expect(new Set(needed.map(({ verb }) => verb))).toEqual(new Set(["get", "create", "patch", "delete"]));
        // One of each kind, each verb in turn: what is asked does not depend on another answer.
        const kinds = [
            ...new Map(needed.map((each) => [`${each.verb} ${each.group} ${each.resource}`, each])).values(),
        ];
        expect(kinds.length).toBeGreaterThan(60);
        for (const lacking of kinds.filter((_, i) => i % 4 === 0 || i < 4)) {
            const { verb, group, resource, namespace } = lacking;
            const place = `${resource}${group && `.${group}`}${namespace ? ` in ${namespace}` : ""}`;
            const replies = reviews((each) => each.verb !== "*" && !isSame({ ...each, name: undefined }, lacking));
            await expectRefused({}, { replies }, [
                `this user may not: ${verb} ${place}; use a kubeconfig whose user may`,
            ]);
        }
    });

    it("all at once are told in one list", async () => {
        const { failure } = await tryProgram({}, { replies: reviews(() => false) });
        expect(String(failure)).toMatch(/this user may not: get, create, patch, delete \S+.*; use a kubeconfig/);
    });
});
