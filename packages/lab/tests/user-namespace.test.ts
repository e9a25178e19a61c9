import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { checkMachine } from "../src/user-namespace";

const ALICE = "alice:100000:65536\n";
const WELL = { "/etc/subuid": ALICE, "/etc/subgid": ALICE };

/** What is said of a machine with these files. @param failure of the attempt to make a user namespace */
const said = (files: Readonly<Record<string, string>>, failure?: string) =>
    checkMachine({
        read: (file) => files[file],
        tryNamespace: () => (failure === undefined ? Promise.resolve() : Promise.reject(new Error(failure))),
        user: { username: "alice", uid: 1001 },
    }).then(
        () => undefined,
        (error: UserError) => {
            expect(error).toBeInstanceOf(UserError);
            return error.message;
        },
    );

const noRange = (files: string, range: string) =>
    `The user alice has no range of 65535 ids as the first in ${files}, of which the lab's pods get their users: give it one as root ` +
    `(usermod --add-subuids ${range} --add-subgids ${range} alice), or run the same command as root.`;

describe("an ordinary user's lab", () => {
    it.each([
        ["by name", WELL],
        ["by number, behind those of others", { ...WELL, "/etc/subuid": "bob:100000:65536\n1001:165536:65536\n" }],
    ])("can be with a range of ids %s", async (_, files) => {
        expect(await said(files)).toBeUndefined();
    });

    it.each([
        ["there is none", {}, "/etc/subuid and /etc/subgid", "100000-165534"],
        ["it has none for groups", { ...WELL, "/etc/subgid": "" }, "/etc/subgid", "165536-231070"],
        [
            "others have the first ones",
            { "/etc/subuid": "bob:100000:65536\n" },
            "/etc/subuid and /etc/subgid",
            "165536-231070",
        ],
        ["it is too small", { ...WELL, "/etc/subuid": "alice:100000:1000\n" }, "/etc/subuid", "165536-231070"],
        [
            "the first one is too small, which is taken",
            { ...WELL, "/etc/subuid": `alice:300000:10\n${ALICE}` },
            "/etc/subuid",
            "300010-365544",
        ],
    ])("is told how to get a range where %s", async (_, files, where, range) => {
        expect(await said(files)).toBe(noRange(where, range));
        expect(await said(files, "newuidmap: not allowed")).toBe(noRange(where, range));
    });

    it.each([
        ["user.max_user_namespaces", "0", "15000"],
        ["kernel.unprivileged_userns_clone", "0", "1"],
        ["kernel.apparmor_restrict_unprivileged_userns", "1", "0"],
    ])("is told that the kernel forbids it by %s", async (setting, forbids, allows) => {
        const files = { [`/proc/sys/${setting.replaceAll(".", "/")}`]: `${forbids}\n` };
        const sentence =
            `Without root the lab needs a user namespace, which this machine does not allow (${setting} is ${forbids}): ` +
            `allow it as root (sysctl -w ${setting}=${allows}), or run the same command as root.`;
        expect(await said(files, "Operation not permitted")).toBe(sentence);
        // A profile may allow it nevertheless.
        expect(await said({ ...WELL, ...files })).toBeUndefined();
    });

    it("is told of an unshare that is too old, and of what else there is in the machine's own words", async () => {
        expect(await said(WELL, "unshare: unrecognized option '--map-auto'")).toBe(
            "Without root the lab needs a user namespace, which the unshare of util-linux 2.38 makes: " +
                "install that, or run the same command as root.",
        );
        expect(await said(WELL, "Operation not permitted")).toBe(
            "Without root the lab needs a user namespace, which cannot be made here (Operation not permitted): " +
                "allow it as root, or run the same command as root.",
        );
    });
});
