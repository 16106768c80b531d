/** The one stylesheet, at /style.css. */
export const STYLESHEET = /* css */ `
:root {
  color-scheme: light dark;
  --paper: #faf7f1;
  --sheet: #fffdf9;
  --ink: #26231d;
  --soft: #665e50;
  --line: #e4dccc;
  --accent: #2f5d50;
  --on-accent: #ffffff;
  --wrong: #a3301f;
  --good: #e6efe6;
  --serif: 'Iowan Old Style', 'Palatino Linotype', Palatino, Georgia, serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1b1a17;
    --sheet: #242320;
    --ink: #ebe6da;
    --soft: #aea593;
    --line: #3a3832;
    --accent: #8fc3b1;
    --on-accent: #14201c;
    --wrong: #f0998a;
    --good: #233029;
  }
}

* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, .brand { font-family: var(--serif); line-height: 1.25; }
h1 { margin: 0 0 1rem; font-size: 2.25rem; }
h2 { margin: 0 0 .25rem; font-size: 1.25rem; }
p { margin: 0 0 1rem; }
ul { margin: 0; padding: 0; list-style: none; }
a { color: var(--accent); text-underline-offset: .2em; }
.lead { max-width: 38rem; margin-bottom: 2rem; color: var(--soft); font-size: 1.15rem; }
.hint { color: var(--soft); font-size: .95rem; }
.badge { display: inline-block; padding: .1em .7em; border-radius: 1em; background: var(--accent); color: var(--on-accent); font: 600 .8rem/1.5 system-ui, sans-serif; vertical-align: middle; white-space: nowrap; }
.notice { margin-bottom: 2rem; padding: .75rem 1rem; background: var(--good); border-left: 4px solid var(--accent); border-radius: 4px; }
.notice p { margin: 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
[tabindex="-1"]:focus { outline: none; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--sheet); }

header { background: var(--sheet); border-bottom: 1px solid var(--line); }
nav, main { max-width: 52rem; margin: 0 auto; padding: 0 1.25rem; }
main { padding-block: 2.5rem 4rem; }
nav, nav ul { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; }
nav { min-height: 4rem; padding-block: .75rem; }
nav a { padding: .25rem 0; border-bottom: 2px solid transparent; color: inherit; text-decoration: none; }
nav a:hover { color: var(--accent); }
nav a[aria-current] { border-color: var(--accent); }
nav .brand { margin-right: .5rem; font-size: 1.35rem; font-weight: 700; letter-spacing: -.01em; }
nav .account { margin-left: auto; }
nav .who { display: block; max-width: 12ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }

label { display: block; font-weight: 600; }
input, textarea, button { font: inherit; border-radius: 6px; }
input, textarea { width: 100%; padding: .5rem .75rem; border: 1px solid var(--soft); background: var(--sheet); color: inherit; }
textarea { display: block; resize: vertical; }
button { padding: .5rem 1.1rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
button:hover { filter: brightness(1.1); }
button.quiet { padding: .25rem .75rem; background: none; color: var(--accent); font-size: .95rem; }
button.quiet:hover { background: var(--good); filter: none; }
.field { margin-bottom: 1.25rem; }
.field label, .field p { margin-bottom: .35rem; }
.field .error { color: var(--wrong); font-weight: 600; font-size: .95rem; }
[aria-invalid] { border-color: var(--wrong); box-shadow: inset 0 0 0 1px var(--wrong); }
.account-form { max-width: 24rem; margin-bottom: 1.5rem; }

.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: 1rem; }
.cards li, .notes li, .devices li { padding: 1rem 1.25rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; }
.cards p, .products p { margin: 0; color: var(--soft); }

.products { margin-bottom: 3rem; }
.products li, .lines li { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; padding: .9rem 0; border-bottom: 1px solid var(--line); }
.products li:first-child, .lines li:first-child { border-top: 1px solid var(--line); }
.products div, .lines .name { flex: 1 1 12rem; }
.products h2 { font-size: 1.1rem; }
.products form { display: flex; align-items: center; gap: 1.25rem; margin-left: auto; }
.price { font-variant-numeric: tabular-nums; }
.lines { margin-top: 1rem; }
.lines form { display: flex; align-items: center; gap: .5rem; }
.lines input { width: 4.25rem; padding-block: .2rem; }
.lines .price { min-width: 4.5rem; margin-left: auto; text-align: right; }
.total { display: flex; justify-content: space-between; padding: .9rem 0; font-weight: 700; }

.notes, .devices { display: grid; gap: 1rem; margin: 2rem 0; }
.notes .text { margin-bottom: .5rem; white-space: pre-wrap; }
.notes form { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .5rem; }
.notes small { color: var(--soft); font-size: .95rem; }
.devices .badge { margin-left: .25rem; }

dl { margin: 0 0 2rem; border-top: 1px solid var(--line); }
dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.devices dl { margin: .75rem 0; }
.devices dl div { padding: .35rem 0; }

@media (max-width: 40rem) {
  h1 { font-size: 1.8rem; }
  main { padding-top: 1.75rem; }
  nav .brand { width: 100%; }
  nav .account { width: 100%; margin: 0; }
}
`;
