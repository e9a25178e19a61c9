/** The page's style: one column on a phone, light or dark as the reader's system is. Colours have their uses' names. */
export const STYLE = `:root {
  color-scheme: light dark;
  --page: #faf7f1; --card: #fffdf9; --line: #e6dfd2; --text: #26221c; --soft: #6a6256; --accent: #7a3b12;
    --on-accent: #fffaf3;
  --cover: #7a2e1d; --cover-text: #f8e9cf; --label: #f3ecdd; --empty: #cfc5b1; --black: #17140f; --red: #c6201a;
  --bad: #a4231b; --bad-back: #fcebe8; --good: #17633f; --good-back: #e2f2e8; --plain: #7d5200; --plain-back: #fdf0d4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171512; --card: #211e1a; --line: #3a352e; --text: #eee8dd; --soft: #b3a998; --accent: #eab27f;
      --on-accent: #2a1606;
    --cover: #6b2a1c; --label: #efe6d3; --bad: #ff9d92; --bad-back: #3b1d1a; --good: #7ed8a8; --good-back: #163324;
      --plain: #f0c069; --plain-back: #3a2c10;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, "Segoe UI",
  "Liberation Sans", "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
h1, h2, blockquote, .brand, .cover { font-family: Georgia, "Iowan Old Style", "Liberation Serif", "DejaVu Serif",
  serif; }
h1 { font-size: clamp(30px, 5vw, 46px); line-height: 1.1; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 24px; line-height: 1.25; margin: 0; }
h2.small { font-size: 18px; margin-top: 24px; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
code { font-family: ui-monospace, "SF Mono", "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: .86em;
  overflow-wrap: anywhere; }
.way .soft { margin-top: 6px; }
.soft, footer { color: var(--soft); }
.bar, main, footer { max-width: 1040px; margin: 0 auto; padding: 0 24px; }
header { border-bottom: 1px solid var(--line); background: var(--card); }
.bar { display: flex; align-items: center; justify-content: space-between; gap: 16px; min-height: 62px; }
.brand { font-size: 20px; font-weight: 700; }
.brand span { font: 500 13px/1 system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; color: var(--soft);
  margin-left: 6px; white-space: nowrap; }
.session { position: relative; min-width: 0; }
p.session { display: flex; align-items: center; gap: 14px; }
.user { min-width: 4em; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.button { display: inline-block; flex: none; padding: 7px 16px; border: 1px solid var(--accent); border-radius: 8px;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600;
  font-size: 14.5px; text-decoration: none; cursor: pointer; list-style: none; }
.button::-webkit-details-marker { display: none; }
.button.quiet { background: none; color: var(--accent); }
.button:focus-visible, a:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
form { position: absolute; z-index: 1; right: 0; top: calc(100% + 10px); width: min(290px, calc(100vw - 48px));
  padding: 18px; display: grid; gap: 12px; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; box-shadow: 0 14px 34px #0003; }
label { display: grid; gap: 4px; font-size: 14px; font-weight: 600; }
input { width: 100%; padding: 8px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--page);
  color: var(--text); font: inherit; }
.hint { font-size: 13.5px; color: var(--soft); }
main { padding-top: 40px; display: grid; gap: 48px; }
main > *, .about { min-width: 0; }
.book { display: grid; grid-template-columns: 210px 1fr; gap: 40px; align-items: start; }
.cover { aspect-ratio: 2 / 3; padding: 26px 20px; display: grid; align-content: start;
  border-radius: 4px 10px 10px 4px; background: linear-gradient(90deg, #0004 0, #0000 9px, #fff2 11px, #0000 16px),
  var(--cover);
  color: var(--cover-text); font-size: 25px; line-height: 1.2; box-shadow: 0 10px 26px #0003; }
.cover span { padding: 14px 2px; border: solid; border-width: 1px 0; }
.lead { margin-top: 16px; font-size: 18px; max-width: 62ch; }
dl { margin: 10px 0 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px 20px; }
dt { font-size: 13px; color: var(--soft); }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.heading { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 4px 20px;
  margin-bottom: 16px; }
.served { color: var(--soft); font-size: 14.5px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 18px; }
article, .way li { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
article { padding: 22px 24px; display: flex; flex-direction: column; align-items: start; gap: 14px; }
blockquote { margin: 0; font-size: 19px; line-height: 1.5; }
.reviewer { margin-top: auto; font-size: 14.5px; font-weight: 600; color: var(--soft); }
.stars { height: 36px; padding: 8px 12px; border-radius: 99px; background: var(--label); }
.black .full { fill: var(--black); }
.red .full { fill: var(--red); }
.empty { fill: var(--empty); }
.failure { padding: 12px 16px; border-radius: 10px; background: var(--bad-back); color: var(--bad); font-weight: 600; }
.failure span { font-weight: 400; }
h2 + .failure { margin-top: 12px; }
.about > h2:not(.small) { font-size: 18px; margin-top: 24px; }
article .failure { padding: 6px 12px; font-size: 14.5px; }
.way ol { list-style: none; margin: 16px 0 0; padding: 0; display: grid; gap: 10px; }
.way li { padding: 12px 18px; }
.route { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; font-weight: 600; }
.arrow { color: var(--soft); }
.route code { font-weight: 400; color: var(--soft); margin-left: 4px; }
.badge { margin-left: auto; padding: 2px 10px; border-radius: 99px; font-size: 13px; white-space: nowrap; }
.secure { color: var(--good); background: var(--good-back); }
.plain { color: var(--plain); background: var(--plain-back); }
.facts { margin-top: 4px; display: flex; flex-wrap: wrap; gap: 2px 20px; font-size: 13.5px; color: var(--soft); }
footer { margin-top: 56px; padding-bottom: 40px; font-size: 14.5px; }
footer p { border-top: 1px solid var(--line); padding-top: 20px; max-width: none; }
@media (max-width: 640px) {
  .bar, main, footer { padding-left: 18px; padding-right: 18px; }
  .brand { padding: 8px 0; line-height: 1.2; }
  .brand span { display: block; margin: 4px 0 0; white-space: normal; }
  main { padding-top: 28px; gap: 38px; }
  .book { grid-template-columns: 1fr; gap: 0; }
  .cover { display: none; }
  dl { grid-template-columns: 1fr 1fr; column-gap: 12px; }
  dd { font-size: 15px; }
  .badge { margin-left: 0; }
  .route code { margin-left: 0; }
}
`;

/** The page's icon: a book. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect x="5" y="2" width="23" height="28" rx="3" fill="#7a2e1d"/>
<path d="M9 2v28" stroke="#f8e9cf" stroke-width="1.5"/><path d="M14 10h9M14 15h9" stroke="#f8e9cf" stroke-width="2"/>
</svg>
`;
