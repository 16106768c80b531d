/** The one script, at /page.js. It shows times in the visitor's time zone. Every page works without it. */
export const SCRIPT = /* js */ `
const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

for (const time of document.querySelectorAll('time')) {
  time.title = time.textContent;
  time.textContent = local.format(new Date(time.dateTime));
}
`;
