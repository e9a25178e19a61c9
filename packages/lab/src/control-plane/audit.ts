import { join } from "node:path";
import type { LabPlace } from "../place";

/** What the ServiceAccounts of the namespace `audited` ask, and nobody else: a log of all would be the busiest part. */
const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
    - level: Metadata
      userGroups: ["system:serviceaccounts:audited"]
    - level: None
`;

const policyFile = (place: LabPlace) => join(place.state, "audit-policy.yaml");

/** Flags of the API server for its log of requests, `logs/audit.log`. */
export const auditFlags = (place: LabPlace): string[] => [
    `--audit-policy-file=${policyFile(place)}`,
    `--audit-log-path=${join(place.logs, "audit.log")}`,
];

/** The files that the flags name, by path. */
export const auditFiles = (place: LabPlace): Record<string, string> => ({ [policyFile(place)]: POLICY });
