import Bowser from 'bowser';

const UNKNOWN = 'Unknown browser';

/** What to call a device, from its `User-Agent`: "Firefox on Linux", "Safari on iPhone". */
export function deviceName(userAgent = ''): string {
  if (userAgent === '') return UNKNOWN;
  const { browser, os, platform } = Bowser.parse(userAgent);
  const system = os.name === 'iOS' ? platform.model : os.name; // "iPhone" says more than "iOS"
  if (!browser.name || !system) return UNKNOWN; // a program, which can call itself anything
  const name = `${browser.name.replace(` for ${system}`, '')} on ${system}`; // "Samsung Internet for Android"
  return userAgent.includes('Headless') ? `${name}, automated` : name;
}
