export * from "./apiServer";
export * from "./bookinfo";
export * from "./cluster";
export * from "./golden";
export * from "./mesh";
export * from "./report";
export * from "./rules";
