/**
 * The one script, at /page.js. It shows times in the visitor's time zone, and a count-down when the session ends soon. Every
 * page works without it.
 */
export const SCRIPT = /* js */ `
const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

for (const time of document.querySelectorAll('time')) {
  time.title = time.textContent;
  time.textContent = local.format(new Date(time.dateTime));
}

const expiry = document.querySelector('#expiry');
const SOON = 5 * 60_000;
const LONGEST = 60 * 60_000;
let timer;

/** Asks when the session ends, and comes back when that is soon. */
async function countDown(path = '/session/expiry', init) {
  const response = await fetch(path, init);
  if (response.status === 401) return location.reload();
  if (!response.ok) return;
  const { expiresAt } = await response.json();
  const left = Date.parse(expiresAt) - Date.now();
  expiry.hidden = left > SOON;
  expiry.querySelector('span').textContent = Math.ceil(left / 60_000) + ' min';
  // Asks again then: another tab may have used the session meanwhile.
  clearTimeout(timer);
  timer = setTimeout(countDown, left > SOON ? Math.min(left - SOON, LONGEST) : Math.min(left, 30_000));
}

if (expiry !== null) {
  expiry.querySelector('button').addEventListener('click', () => countDown('/session/stay', { method: 'POST' }));
  countDown();
}
`;
