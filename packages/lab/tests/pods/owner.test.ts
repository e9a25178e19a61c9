import { describe, expect, it } from "vitest";
import { ownerOf } from "../../src/pods/owner";

const ROOTS = () => "         0          0 4294967295\n";
const USERS = () => "         0       1001          1\n         1     100000      65535\n";
const IMAGE = { uid: 1337, gid: 1338 };

describe("the user of a container", () => {
    it("is the container's, else the pod's, else the image's", () => {
        const pod = { spec: { containers: [], securityContext: { runAsUser: 5 } } };
        expect(ownerOf({}, { name: "c" }, IMAGE, USERS)).toEqual({ uid: 1337, gid: 1338 });
        expect(ownerOf(pod, { name: "c" }, IMAGE, USERS)).toEqual({ uid: 5, gid: 1338 });
        const securityContext = { runAsUser: 6, runAsGroup: 7 };
        expect(ownerOf(pod, { name: "c", securityContext }, IMAGE, USERS)).toEqual({ uid: 6, gid: 7 });
    });

    it("may have any number in a lab of root's, and without root one of the range", () => {
        const container = (runAsUser: number) => ({ name: "c", securityContext: { runAsUser } });
        expect(ownerOf({}, container(1_000_650_000), IMAGE, ROOTS).uid).toBe(1_000_650_000);
        expect(ownerOf({}, container(65_535), IMAGE, USERS).uid).toBe(65_535);
        expect(() => ownerOf({}, container(65_536), IMAGE, USERS)).toThrow(
            'container "c" runs as user 65536 and group 1338: this lab, which runs without root, has those below 65536; ' +
                "name one of them (runAsUser, runAsGroup), or run the lab as root",
        );
    });
});
