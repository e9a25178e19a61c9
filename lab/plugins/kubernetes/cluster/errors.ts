/** Why a request to the API server failed. */
import { at, text, type Tree } from "../object/tree";
import { groupVersion, type Gvk } from "../object/kinds";

/** The API server's answer to a request that it did not carry out. */
export class ApiError extends Error {
    constructor(
        /** the HTTP status, e.g. 404 */
        readonly code: number,
        /** the API's own word, e.g. `AlreadyExists`; empty when the body was no Status */
        readonly reason: string,
        message: string,
        readonly status: Tree,
    ) {
        super(message);
    }

    /** The same answer with more words around it. */
    explained(message: string): ApiError {
        return new ApiError(this.code, this.reason, message, this.status);
    }
}

/** The API server does not serve the kind. */
export class NoMatchError extends Error {
    constructor(readonly gvk: Gvk) {
        super(`no matches for kind "${gvk.kind}" in version "${groupVersion(gvk)}"`);
    }
}

/** The API server could not be reached. */
export class ConnectionError extends Error {}

export function apiError(code: number, body: string): ApiError {
    let status: Tree = {};
    try {
        status = JSON.parse(body) as Tree;
    } catch {
        // Proxies and the server's own early refusals answer in plain text.
    }
    const message = text(status, "message") || body.trim() || `the server answered with HTTP status ${code}`;
    return new ApiError(code, text(status, "reason"), message, status);
}

export function isNotFound(error: unknown): error is ApiError {
    return error instanceof ApiError && error.code === 404;
}

export function isAlreadyExists(error: unknown): error is ApiError {
    return error instanceof ApiError && error.reason === "AlreadyExists";
}

export function isConflict(error: unknown): error is ApiError {
    return error instanceof ApiError && error.reason === "Conflict";
}

export function isForbidden(error: unknown): error is ApiError {
    return error instanceof ApiError && error.code === 403;
}

export function isInvalid(error: unknown): error is ApiError {
    return error instanceof ApiError && error.reason === "Invalid";
}

/** Whether the object could not be made because its namespace does not exist (yet). */
export function isNamespaceNotFound(error: unknown): error is ApiError {
    return isNotFound(error) && at(error.status, "details", "kind") === "namespaces";
}
