/** The one stylesheet, at /style.css. */
export const STYLESHEET = /* css */ `
:root {
  color-scheme: light dark;
  --paper: #faf7f1;
  --sheet: #fffdf9;
  --ink: #26231d;
  --soft: #6b6355;
  --line: #e2dac9;
  --accent: #2f5d50;
  --on-accent: #ffffff;
  --wrong: #a3301f;
  --good: #e6efe6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1b1a17;
    --sheet: #242320;
    --ink: #ebe6da;
    --soft: #a9a08f;
    --line: #3a3832;
    --accent: #8fc3b1;
    --on-accent: #14201c;
    --wrong: #f0998a;
    --good: #233029;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 1.0625rem/1.6 system-ui, sans-serif;
}
h1, h2, .brand { font-family: 'Iowan Old Style', 'Palatino Linotype', Palatino, Georgia, serif; line-height: 1.2; }
h1 { font-size: 2.25rem; margin: 0 0 .75rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; }
p { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--sheet); padding: .5rem 1rem; }

header { background: var(--sheet); border-bottom: 1px solid var(--line); }
nav, main { max-width: 56rem; margin: 0 auto; padding: 0 1.25rem; }
nav { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; min-height: 4rem; padding-block: .6rem; }
nav ul { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
nav a { color: inherit; text-decoration: none; padding: .25rem 0; border-bottom: 2px solid transparent; }
nav a:hover { color: var(--accent); }
nav a[aria-current] { border-color: var(--accent); }
nav .brand { font-size: 1.35rem; font-weight: 700; letter-spacing: -.01em; }
nav .account { margin-left: auto; }
nav .account form { display: flex; align-items: center; gap: .75rem; }
.who { max-width: 12ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
.count { font-size: .8rem; background: var(--accent); color: var(--on-accent); border-radius: 1em; padding: .1em .6em; white-space: nowrap; }

main { padding-block: 2.5rem 4rem; }
.lead { font-size: 1.15rem; color: var(--soft); max-width: 40rem; }
.hint, small { color: var(--soft); font-size: .9rem; }
.notice { background: var(--good); border-left: 4px solid var(--accent); border-radius: 4px; padding: .75rem 1rem; margin-bottom: 2rem; }
.notice p { margin: 0; }

.field { margin-bottom: 1.25rem; }
.field .hint, .field .error { margin: 0 0 .35rem; }
.error { color: var(--wrong); font-weight: 600; font-size: .95rem; }
label { display: block; font-weight: 600; margin-bottom: .15rem; }
input, textarea, button { font: inherit; border-radius: 6px; }
input, textarea { width: 100%; padding: .55rem .75rem; color: inherit; background: var(--sheet); border: 1px solid var(--soft); }
textarea { display: block; resize: vertical; }
[aria-invalid] { border-color: var(--wrong); box-shadow: inset 0 0 0 1px var(--wrong); }
.account-form { max-width: 24rem; margin-bottom: 1.5rem; }
button { padding: .5rem 1.1rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
button:hover { filter: brightness(1.1); }
button.quiet { padding: .2rem .7rem; background: none; color: var(--accent); font-size: .9rem; }
button.quiet:hover { background: var(--good); filter: none; }

.cards, .products, .notes, .devices { list-style: none; margin: 0; padding: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem; margin-top: 2rem; }
.cards li, .notes li, .devices li { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 1.1rem 1.25rem; }
.cards h2 { margin: 0 0 .4rem; }
.cards p, .products p { margin: 0; color: var(--soft); }
.products li { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .5rem 1rem; padding: .9rem 0; border-bottom: 1px solid var(--line); }
.products h2 { margin: 0; font-size: 1.15rem; }
.products form { display: flex; align-items: center; gap: 1.25rem; margin-left: auto; }
.price, .number { font-variant-numeric: tabular-nums; }
.notes { display: grid; gap: .75rem; margin-top: 2rem; }
.notes .text { margin: 0 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.notes form { display: flex; justify-content: space-between; align-items: center; }
.devices { display: grid; gap: .75rem; margin-bottom: 1.5rem; }
.devices h2 { margin: 0; overflow-wrap: anywhere; }
.devices dl { margin: .75rem 0; }

table { width: 100%; border-collapse: collapse; margin-bottom: 1rem; }
th, td { padding: .55rem .5rem; border-bottom: 1px solid var(--line); text-align: left; }
tr > :first-child { padding-left: 0; }
tr > :last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: .9rem; font-weight: 600; }
tbody th { font-weight: 400; }
.number { text-align: right; }
tfoot td, tfoot th { border: 0; font-weight: 700; }

dl { border-top: 1px solid var(--line); max-width: 40rem; margin: 1.5rem 0; }
dl div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding: .55rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }

@media (max-width: 40rem) {
  nav .account { margin-left: 0; }
  th, td { padding-inline: .3rem; }
  h1 { font-size: 1.8rem; }
}
`;
