import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chooseDataPlane, NEEDS } from "../src/data-plane";
import { labPlace } from "../src/place";

const cache = mkdtempSync(join(tmpdir(), "data-plane-"));
afterAll(() => rmSync(cache, { recursive: true }));
const place = labPlace({ ...process.env, XDG_CACHE_HOME: cache });
const choose = (wish: string | undefined, needs = NEEDS) =>
    chooseDataPlane(place, () => undefined, { LAB_DATA_PLANE: wish }, needs);

describe("the data plane", () => {
    it("is off where LAB_DATA_PLANE says so, and nothing is tried or installed", async () => {
        expect(await choose("off", [{ what: "anything", command: ["false"] }])).toEqual({
            on: false,
            reason: "LAB_DATA_PLANE is off",
        });
    });

    it("is refused any other word", async () => {
        await expect(choose("maybe")).rejects.toThrow(
            'LAB_DATA_PLANE is "maybe": ' +
                "allowed are on (sidecars, gateways and Bookinfo run) and off (the control plane only).",
        );
    });

    it("is off on a machine that lacks something, and says what", async () => {
        const needs = [
            { what: "floor", command: ["true"] },
            { what: "bind mounts", command: ["sh", "-c", "echo Operation not supported >&2; exit 2"] },
            { what: "never asked", command: ["false"] },
        ];
        const { on, reason } = await choose("on", needs);
        expect(on).toBe(false);
        expect(reason).toBe("this machine has no bind mounts (sh -c ended with exit code 2: Operation not supported)");
    });

    it("asks for what pods with sidecars need: mounts and iptables", () => {
        expect(NEEDS.map(({ what }) => what).join("; ")).toMatch(/mounts.*NAT.*REDIRECT/);
    });
});
