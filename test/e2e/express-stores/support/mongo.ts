import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ExpressSessionStore } from '../../../../lib/express/index.js';
import type { StoreKind } from './store-kinds.js';

/** A row of connect-mongo. */
export interface MongoRow {
  readonly _id: string;
  readonly session: unknown;
  readonly expires: Date;
  readonly [name: string]: unknown;
}

interface Collection {
  find(): { sort(order: object): { toArray(): Promise<MongoRow[]> } };
  findOne(filter: object): Promise<MongoRow | null>;
  updateOne(filter: object, change: object): Promise<unknown>;
  deleteMany(filter: object): Promise<unknown>;
  listIndexes(): { toArray(): Promise<object[]> };
}

interface MongoClient {
  connect(): Promise<MongoClient>;
  db(name: string): { collection(name: string): Collection };
  close(): Promise<void>;
}

/** What `npm run test:servers -- connect-mongo` installs and starts, elsewhere undefined. */
const given = process.env.CONNECT_MONGO;

/** The settings of connect-mongo that make other rows. */
export const MONGO_SETTINGS: Readonly<Record<string, object>> = {
  'connect-mongo': {},
  'connect-mongo, with objects': { stringify: false, timestamps: true },
  'connect-mongo, encrypted': { crypto: { secret: 'a secret of connect-mongo' } },
};

/** A store of connect-mongo on a server that speaks MongoDB's protocol. */
export class InMongo implements StoreKind {
  readonly #name = randomBytes(8).toString('hex');
  readonly #settings: object;
  #client!: MongoClient;

  constructor(settings: object = {}) {
    this.#settings = settings;
  }

  get rows(): Collection {
    return this.#client.db('test').collection(this.#name);
  }

  async before(): Promise<void> {
    const { folder, url } = JSON.parse(given!) as { folder: string; url: string };
    const { MongoClient: Client } = createRequire(join(folder, 'package.json'))('mongodb') as {
      MongoClient: new (url: string) => MongoClient;
    };
    this.#client = await new Client(url).connect();
  }

  after(): Promise<void> {
    return this.#client.close();
  }

  open(settings: object = {}): ExpressSessionStore {
    const { folder } = JSON.parse(given!) as { folder: string };
    const { MongoStore } = createRequire(join(folder, 'package.json'))('connect-mongo') as {
      MongoStore: { create(options: object): ExpressSessionStore };
    };
    const place = { client: this.#client, dbName: 'test', collectionName: this.#name };
    return MongoStore.create({ ...place, ...this.#settings, ...settings });
  }

  async clear(): Promise<void> {
    await this.rows.deleteMany({});
  }

  async ids(): Promise<string[]> {
    return (await this.rows.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
  }

  async endsAt(id: string): Promise<number> {
    return Number((await this.rows.findOne({ _id: id }))?.expires);
  }
}

/** The kinds of rows of connect-mongo, where a server was started for them. */
export const MONGO_KINDS: [name: string, make: () => InMongo][] =
  given === undefined
    ? []
    : Object.entries(MONGO_SETTINGS).map(([name, settings]) => [name, () => new InMongo(settings)]);
