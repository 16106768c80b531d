import { stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { press, SampleInBrowser } from './support/sample.js';

const PICTURE = fileURLToPath(new URL('../../docs/images/sample.webp', import.meta.url));
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0';
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

let sample: SampleInBrowser | undefined;

/** `npm run sample:picture` takes it anew. */
describe('the picture of the accounts sample', () => {
  afterAll(() => sample?.stop());

  it('is small enough for the README', async () => {
    if (process.env.SAMPLE_PICTURE) await takePicture((sample = await SampleInBrowser.start()));
    expect((await stat(PICTURE)).size).toBeLessThanOrEqual(40 * 1024);
  });
});

/** The devices of a user who is signed in with three. */
async function takePicture(site: SampleInBrowser): Promise<void> {
  await site.user('Ada', 'sign-up', { userAgent: FIREFOX });
  await site.user('Ada', 'sign-in', { userAgent: IPHONE });
  const page = await site.user('Ada', 'sign-in', {
    userAgent: CHROME,
    viewport: { width: 860, height: 560 },
    deviceScaleFactor: 1,
    timezoneId: 'Europe/Berlin',
  });
  await page.goto('/cart');
  await press(page, 'Add Oak gall ink to the cart');
  await page.goto('/devices');
  const png = await page.screenshot();
  const blank = await site.visitor(); // the sample's Content-Security-Policy would refuse the picture
  const webp = await blank.evaluate<string>(
    `(${asWebp.toString()})('data:image/png;base64,${png.toString('base64')}')`,
  );
  await writeFile(PICTURE, Buffer.from(webp.split(',')[1]!, 'base64'));
}

/** Runs in the browser: the same picture as WebP, which takes a third of the bytes. */
async function asWebp(url: string): Promise<string> {
  const { document, createImageBitmap: read } = globalThis as unknown as BrowserGlobals;
  const image = await read(await (await fetch(url)).blob());
  const canvas = Object.assign(document.createElement('canvas'), {
    width: image.width,
    height: image.height,
  });
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/webp', 0.5);
}

interface BrowserGlobals {
  readonly document: { createElement(name: 'canvas'): Canvas };
  readonly createImageBitmap: (blob: Blob) => Promise<{ readonly width: number; readonly height: number }>;
}

interface Canvas {
  getContext(kind: '2d'): { drawImage(image: object, x: number, y: number): void };
  toDataURL(type: string, quality: number): string;
}
