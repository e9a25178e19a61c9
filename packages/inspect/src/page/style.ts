/**
 * The page's style: one column on a phone, light or dark as the reader's system is. Colours are named by what they
 * mean.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1b2430; --soft: #5a6675; --faint: #64707e;
  --good: #12714a; --good-back: #e3f4ec; --bad: #b3261e; --bad-back: #fdecea; --warn: #8a5a00; --warn-back: #fff4dd;
  --warn-dot: #d98f00;
  --accent: #2457c5; --accent-back: #eaf0fd; --mesh: #f1f6ff; --mesh-line: #b8ccf2; --plane: #f6f2fe;
  --plane-line: #cfc0ee; --plane-text: #5b3fa3;
  --s1: #2f6fde; --s2: #0d8f7f; --s3: #c86a0a; --s4: #7a4fd0; --s5: #c2427f; --s6: #5c7a12; --s7: #3b7d9e;
  --s8: #8f5b3d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151b; --card: #191f27; --line: #2d3642; --text: #e6ebf1; --soft: #a3afbd; --faint: #93a0ae;
    --good: #63d3a0; --good-back: #133126; --bad: #ff8f85; --bad-back: #3a1b1a; --warn: #f0bd5d; --warn-back: #352a12;
    --warn-dot: #f0bd5d;
    --accent: #8fb4ff; --accent-back: #1b2945; --mesh: #161f2e; --mesh-line: #34496f; --plane: #1f1a2e;
    --plane-line: #4a3d70; --plane-text: #c3adff;
    --s1: #6d9dff; --s2: #3cc0ae; --s3: #f0a04b; --s4: #ae8bff; --s5: #f07fb3; --s6: #a5c54d; --s7: #76bde0;
    --s8: #cf9a7a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 56px; }
h1 { font-size: 25px; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0; }
code, .mono { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .87em;
  overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
header { display: flex; flex-wrap: wrap; gap: 10px 16px; align-items: center; justify-content: space-between; }
header .soft { margin-top: 4px; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 16px; padding-top: 12px;
  border-top: 1px solid var(--line); font-size: 14px; }
nav a { text-decoration: none; }
.pill { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600;
  white-space: nowrap; }
.verdict { padding: 6px 16px; font-size: 15px; }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.warn { color: var(--warn); background: var(--warn-back); }
.calm { color: var(--soft); background: var(--line); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.findings { display: grid; gap: 8px; margin: 0; padding: 0; list-style: none; }
.findings li { padding: 10px 14px; border-left-width: 4px; display: grid; gap: 2px; overflow-wrap: anywhere; }
.findings .problem { border-left-color: var(--bad); }
.findings .note { border-left-color: var(--warn-dot); }
.findings strong { font-size: 13.5px; }
summary { cursor: pointer; color: var(--soft); padding: 6px 0; }
.checks { columns: 3 300px; column-gap: 12px; }
.checks .card { padding: 12px 16px; margin-bottom: 12px; break-inside: avoid; }
.checks h3 { color: var(--soft); font-size: 12.5px; text-transform: uppercase; letter-spacing: .05em;
  margin-bottom: 4px; }
.checks dl { margin: 0; }
.checks div { display: grid; grid-template-columns: 18px 1fr; gap: 0 8px; padding: 5px 0; }
.checks div + div { border-top: 1px solid var(--line); }
.checks dt { font-weight: 600; font-size: 14px; }
.checks dd { grid-column: 2; margin: 0; color: var(--soft); font-size: 13.5px; overflow-wrap: anywhere; }
.sign { width: 12px; height: 12px; border-radius: 50%; margin-top: 5px; background: var(--good); }
.sign.problem { background: var(--bad); border-radius: 2px; transform: rotate(45deg) scale(.9); }
.sign.note { background: var(--warn-dot); }
.sign.skipped { background: none; border: 2px solid var(--faint); }
.topology { padding: 16px; overflow: hidden; }
.topology svg { display: block; width: 100%; height: auto; }
.topology .narrow { display: none; }
.topology .box { fill: var(--card); stroke: var(--mesh-line); stroke-width: 1.2; }
.topology .space { fill: var(--mesh); stroke: var(--mesh-line); }
.topology .plane .space { fill: var(--plane); stroke: var(--plane-line); }
.topology .plane .box { stroke: var(--plane-line); }
.topology .spacename { fill: var(--accent); font-weight: 600; font-size: 12.5px; }
.topology .plane .spacename { fill: var(--plane-text); }
.topology .name { fill: var(--text); font-weight: 600; font-size: 13px; }
.topology .info { fill: var(--soft); font-size: 11.5px; }
.topology .kind { fill: var(--faint); font-size: 10.5px; letter-spacing: .03em; }
.topology .edge { fill: none; stroke: var(--faint); stroke-width: 1.4; }
.topology .arrow { fill: var(--faint); }
.topology .wrong .box { stroke: var(--bad); stroke-width: 2; }
.topology .tag { fill: var(--accent-back); }
.topology .tagtext { fill: var(--accent); font-size: 11px; font-weight: 600; }
.topology .ok { fill: var(--good); font-size: 11.5px; }
.topology .notok { fill: var(--bad); font-size: 11.5px; font-weight: 600; }
.topology .portal { fill: var(--accent); }
.topology .portaltext { fill: var(--card); font-size: 12px; font-weight: 600; }
details.space > summary { font-weight: 600; color: var(--text); font-size: 15px; padding: 8px 0; }
.paths { display: grid; gap: 12px; }
.path { padding: 14px 16px; }
.path.wrong { border-color: var(--bad); }
.pathhead { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: baseline; }
.flow { display: grid; grid-template-columns: minmax(190px, 1fr) 26px minmax(225px, 1.05fr) 26px minmax(0, 2.6fr);
  align-items: center; margin-top: 10px; }
.step { background: var(--page); border: 1px solid var(--line); border-radius: 9px; padding: 8px 11px;
  font-size: 13px; min-width: 0; }
.step b { display: block; font-size: 11px; color: var(--faint); font-weight: 600; letter-spacing: .03em; }
.step p + p { margin-top: 2px; }
.to { position: relative; height: 100%; min-height: 18px; }
.to::before { content: ""; position: absolute; left: 2px; right: 6px; top: 50%; border-top: 1.5px solid var(--faint); }
.to::after { content: ""; position: absolute; right: 3px; top: calc(50% - 3.5px); border: 4px solid transparent;
  border-left: 6px solid var(--faint); border-right: 0; }
.shares { min-width: 0; }
.bar { display: flex; height: 12px; border-radius: 6px; overflow: hidden; gap: 2px; margin-bottom: 8px; }
.bar span { min-width: 2px; }
.ends { width: 100%; border-collapse: collapse; font-size: 13px; table-layout: fixed; }
.ends td { overflow-wrap: anywhere; }
.ends td:nth-child(1) { width: 88px; }
.ends td:nth-child(2) { width: 214px; }
.ends td { padding: 3px 8px 3px 0; vertical-align: baseline; border-top: 1px solid var(--line); }
.ends tr:first-child td { border-top: 0; }
.ends td:last-child { padding-right: 0; }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
.share { font-weight: 650; white-space: nowrap; font-variant-numeric: tabular-nums; }
.nowrap { white-space: nowrap; }
.scroll { overflow-x: auto; }
table.list { width: 100%; border-collapse: collapse; font-size: 13.5px; }
table.list th { text-align: left; font-size: 11.5px; font-weight: 600; color: var(--faint); letter-spacing: .03em;
  padding: 10px 14px 6px; white-space: nowrap; }
table.list td { padding: 7px 14px; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
table.list td.keep { overflow-wrap: normal; white-space: nowrap; }
p + .card { margin-top: 8px; }
.chips { display: flex; flex-wrap: wrap; gap: 4px; }
.chip { background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 0 7px; font-size: 12.5px; }
.chip.proxy { color: var(--accent); background: var(--accent-back); border-color: transparent; }
pre { margin: 0; padding: 12px 14px; overflow-x: auto; font-size: 12.5px; line-height: 1.5; }
footer { margin-top: 40px; color: var(--faint); font-size: 13px; }
@media (max-width: 760px) {
  main { padding: 18px 14px 40px; }
  h1 { font-size: 21px; }
  h2 { margin-top: 32px; }
  .topology { padding: 10px; }
  .topology .wide { display: none; }
  .topology .narrow { display: block; }
  .flow { grid-template-columns: 1fr; }
  .to { height: 20px; }
  .to::before { left: 50%; right: auto; top: 2px; bottom: 5px; border-top: 0; border-left: 1.5px solid var(--faint); }
  .to::after { right: auto; left: calc(50% - 3.2px); top: auto; bottom: 2px; border: 4px solid transparent;
    border-top: 6px solid var(--faint); border-bottom: 0; }
  .ends, .ends tbody, .ends tr, .ends td { display: block; }
  .ends tr { padding: 6px 0; border-top: 1px solid var(--line); }
  .ends tr:first-child { border-top: 0; }
  .ends td, .ends td:nth-child(n) { border: 0; padding: 0; width: auto; }
  table.list thead { display: none; }
  table.list, table.list tbody, table.list tr, table.list td { display: block; width: 100%; }
  table.list tr { padding: 8px 14px; border-top: 1px solid var(--line); }
  table.list tr:first-child { border-top: 0; }
  table.list td, table.list td.keep { border: 0; padding: 2px 0; display: grid; grid-template-columns: 104px 1fr;
    gap: 8px; white-space: normal; overflow-wrap: anywhere; }
  table.list td::before { content: attr(data-head); color: var(--faint); font-size: 12.5px; }
  table.list td:empty { display: none; }
}
`;
