import { PolicyPack } from "@pulumi/policy";
import { policiesOf } from "./policies";
import { RULES } from "./rules";

/** The pack runs while its server does; nobody needs it. */
new PolicyPack("istio-on-pulumi", { policies: policiesOf(RULES) });
