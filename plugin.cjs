"use strict";
// The component package of PulumiPlugin.yaml, as Pulumi loads it: from whatever directory the using program is in.
//
// The SDK's own loader would check the types of all sources at every start, by that directory's tsconfig.json or by
// defaults that are not this repository's; tsx runs them as they are.
require("tsx/cjs");
module.exports = require("./components");
