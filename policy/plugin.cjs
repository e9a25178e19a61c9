"use strict";
// The policy pack of PulumiPolicy.yaml, as Pulumi loads it: by tsx, and not by the SDK's own loader, which would check
// the types of all sources at every start.
require("tsx/cjs");
require("./index");
