import type { MeshReport } from "../report";
export const renderPage = (report: MeshReport): string => JSON.stringify(report);
