/** How the page looks, in light and in dark. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #5b6675; --line: #d8dde4; --ground: #f6f7f9; --card: #ffffff; --mark: #0f6e6e; --with: #0f6e6e; --without: #a8b3c0; --bad: #a3322b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --quiet: #9aa6b5; --line: #333c48; --ground: #14181e; --card: #1c222a; --mark: #59c3bd; --with: #59c3bd; --without: #56616f; --bad: #f08a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 68rem; margin: 0 auto; padding: 1.25rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .5rem; } h3 { font-size: .875rem; margin: 1rem 0 .25rem; color: var(--quiet); }
.quiet { color: var(--quiet); font-size: .875rem; }
form { display: grid; grid-template-columns: 1fr 2fr auto; gap: .75rem; align-items: end; }
label { display: grid; gap: .25rem; font-size: .875rem; color: var(--quiet); }
input, select, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .375rem; padding: .5rem .625rem; min-width: 0; width: 100%; }
button { background: var(--mark); border-color: var(--mark); color: var(--card); font-weight: 600; cursor: pointer; width: auto; }
button:disabled { opacity: .5; cursor: default; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin-top: 1rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; min-width: 0; overflow-wrap: anywhere; }
#text { font-size: 1.125rem; min-height: 3rem; margin: 0 0 .5rem; white-space: pre-wrap; }
.bar { display: grid; grid-template-columns: 10rem 1fr 3.5rem; gap: .5rem; align-items: center; margin: .375rem 0; }
.track { height: .75rem; border-radius: .375rem; background: var(--ground); overflow: hidden; }
.fill { height: 100%; width: 0; } #with .fill { background: var(--with); } #without .fill { background: var(--without); }
.bar output { text-align: right; font-variant-numeric: tabular-nums; }
ul { margin: 0; padding: 0; list-style: none; } li { padding: .25rem 0; border-top: 1px solid var(--line); } li:first-child { border-top: 0; }
.tag { display: inline-block; font-size: .8125rem; color: var(--quiet); margin-right: .5rem; } .tag.shared { color: var(--mark); font-weight: 600; }
#problem { color: var(--bad); margin: 1rem 0 0; } #problem:empty { display: none; }
@media (max-width: 44rem) { form, .columns { grid-template-columns: 1fr; } }
`;
