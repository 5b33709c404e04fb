/** The page's style sheet. No font, image or script comes from elsewhere. */
export const style = `
:root { --ink: #1d232b; --soft: #5c6470; --faint: #8a929e; --line: #e3e7ec; --paper: #ffffff; --ground: #f5f6f8; --accent: #2f5d8a; --up: #2e7d4f; --down: #b3432f; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 24px 64px; }
header { border-left: 5px solid var(--faint); background: var(--paper); border-radius: 6px; padding: 22px 26px; box-shadow: 0 1px 3px rgb(20 30 45 / 8%); }
header.good { border-color: var(--up); } header.bad { border-color: var(--down); }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 8px; text-wrap: pretty; }
h2 { font-size: 19px; margin: 0 0 4px; } h3 { font-size: 15.5px; margin: 18px 0 6px; } h4 { font-size: 12px; margin: 0 0 4px; color: var(--soft); text-transform: uppercase; letter-spacing: .04em; }
p { margin: 6px 0; } .detail { font-size: 16px; } .about, .lead, .note, small { color: var(--soft); } .about, .note, small { font-size: 13px; } .fact { white-space: nowrap; margin-right: 6px; } .fact b { font-weight: 600; color: var(--ink); }
nav { margin: 16px 0 0; font-size: 13px; display: flex; flex-wrap: wrap; gap: 4px 14px; } nav a { color: var(--accent); text-decoration: none; } nav a:hover { text-decoration: underline; }
section { background: var(--paper); border-radius: 6px; padding: 20px 26px 22px; margin-top: 18px; box-shadow: 0 1px 3px rgb(20 30 45 / 8%); }
.lead { max-width: 110ch; margin: 0 0 12px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin: 18px 0 10px; }
.tile { background: var(--paper); border-radius: 6px; padding: 14px 18px; box-shadow: 0 1px 3px rgb(20 30 45 / 8%); display: flex; flex-direction: column; }
.tile .name { font-size: 13px; color: var(--soft); } .tile .figure { font-size: 28px; font-weight: 600; line-height: 1.25; } .tile .interval { font-size: 13px; color: var(--faint); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } th { text-align: left; font-size: 12.5px; font-weight: 600; color: var(--soft); padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--line); vertical-align: middle; } tbody tr:last-child td { border-bottom: 0; }
tr.group th { color: var(--faint); font-weight: 500; padding-top: 14px; border-bottom: 0; letter-spacing: .02em; }
td.model { min-width: 190px; } td.model b { font-weight: 600; } td small { display: block; } td.bars { white-space: nowrap; } td.bars small { font-size: 12px; color: var(--faint); line-height: 1.2; }
.number { white-space: nowrap; } .number b { font-weight: 600; font-size: 15.5px; } .number small { color: var(--faint); font-size: 12px; line-height: 1.25; }
.bar { display: block; } .bar .mark { stroke: #c3c9d2; stroke-width: 1; } .bar .whisker { stroke: #9aa5b5; stroke-width: 5; stroke-linecap: round; opacity: .5; } .bar .point { fill: #6b7789; }
.bar.accent .whisker, .bar.accent .point { stroke: var(--accent); } .bar.accent .point { fill: var(--accent); } .bar.base .point { fill: var(--ink); } .bar.base .whisker { stroke: var(--ink); opacity: .3; }
.bar.up .whisker { stroke: var(--up); } .bar.up .point { fill: var(--up); } .bar.down .whisker { stroke: var(--down); } .bar.down .point { fill: var(--down); }
.says { font-size: 13px; color: var(--faint); } .says.up { color: var(--up); } .says.down { color: var(--down); }
.chip { display: inline-block; font-size: 11.5px; font-weight: 500; padding: 1px 8px; border-radius: 10px; background: #e9edf2; color: var(--soft); vertical-align: 2px; } .chip.up { background: #e2f2e8; color: var(--up); } .chip.down { background: #f9e7e3; color: var(--down); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 12px 22px; } figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; font-size: 13.5px; margin: 6px 0 2px; } figcaption .note { font-weight: 400; } figure svg { width: 100%; height: auto; display: block; }
.warnings { border-left: 5px solid #d9a441; } .warnings ul { margin: 8px 0 0; padding-left: 18px; } .warnings li { margin: 4px 0; } code, pre { font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; } .warnings code { color: #8a6516; }
article { border-top: 1px solid var(--line); padding: 16px 0 14px; } article h3 { margin: 0; } article p { margin: 2px 0; } dl { margin: 6px 0 8px; font-size: 13px; } dl div { display: flex; gap: 8px; } dt { color: var(--faint); flex: 0 0 108px; } dd { margin: 0; color: var(--soft); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; margin: 8px 0; } blockquote { margin: 0; padding: 8px 12px; background: var(--ground); border-radius: 4px; overflow-wrap: anywhere; } .text { white-space: pre-wrap; } .side:first-child blockquote { background: #eef3f8; } .read { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
.chances { display: flex; flex-wrap: wrap; gap: 6px 20px; font-size: 12.5px; margin-top: 8px; } .chance { display: inline-flex; align-items: center; gap: 7px; color: var(--soft); } .track { width: 64px; height: 6px; border-radius: 3px; background: #e6eaef; overflow: hidden; } .track span { display: block; height: 100%; background: var(--faint); } .chance.up .track span { background: var(--up); } .chance.down .track span { background: var(--down); } .chance b { color: var(--ink); font-weight: 600; }
.time { width: 34%; } .time span { display: block; height: 8px; border-radius: 4px; background: var(--accent); opacity: .55; min-width: 2px; } .more { font-size: 13px; color: var(--soft); }
.nothing { color: var(--faint); font-style: italic; } details summary { cursor: pointer; color: var(--accent); } pre { background: var(--ground); padding: 12px 14px; border-radius: 4px; overflow-x: auto; max-height: 460px; }
footer { color: var(--faint); font-size: 12.5px; margin-top: 22px; }
@media (max-width: 720px) { .pair, .figures { grid-template-columns: 1fr; } main { padding: 14px 10px 40px; } section, header { padding: 16px; } }
@media print { body { background: #fff; } section, header, .tile { box-shadow: none; } article { break-inside: avoid; } }
`;
