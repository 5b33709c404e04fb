import { Redis } from 'ioredis';
import { WorkerError } from '../errors.js';

/** Where Redis is looked for unless said otherwise. */
export const DEFAULT_REDIS = 'redis://127.0.0.1:6379';

/** Milliseconds in which Redis has to answer at the beginning. Later a worker waits for it as long as it takes. */
const PATIENCE = 5000;

/** Milliseconds between two attempts to reach a Redis that is gone: soon at first, then every few seconds. */
const retryDelay = (attempt: number): number => Math.min(attempt * 200, 5000);

/** An open connection. */
export interface RedisConnection {
  /** The client of ioredis. */
  readonly client: Redis;
  /** The address without its password. */
  readonly shown: string;
  /** Ends the connection. */
  close(): void;
}

/**
 * Connects to a Redis that is fit to hold a queue.
 * @param say is told when Redis is gone later, and when it is back
 * @throws WorkerError `WORKER_REDIS_URL`, `WORKER_NO_REDIS`, `WORKER_REDIS_EVICTS`
 */
export async function connectRedis(url: string, say: (text: string) => void, patience = PATIENCE): Promise<RedisConnection> {
  const shown = shownUrl(url);
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, connectTimeout: patience, retryStrategy: retryDelay });
  let lastError = '';
  client.on('error', (error: Error) => (lastError = error.message));
  const close = (): void => client.disconnect();
  try {
    await withinPatience(client, patience, shown, () => lastError);
    await requireNoEviction(client, shown);
  } catch (error) {
    close();
    throw error;
  }
  let gone = false;
  client.on('close', () => {
    if (client.status === 'end' || gone) return;
    gone = true;
    say(`Redis at ${shown} is out of reach; trying again until it is back (--help says how to stop)`);
  });
  client.on('ready', () => {
    if (gone) say(`Redis at ${shown} is back`);
    gone = false;
  });
  return { client, shown, close };
}

async function withinPatience(client: Redis, patience: number, shown: string, lastError: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(noRedis(shown, lastError() || `no answer within ${patience / 1000} s`)), patience);
  });
  try {
    // one attempt: what is refused now is not there, and waiting would hide a wrong address
    const connected = client.connect().then(
      () => client.ping(),
      (error: unknown) => {
        throw noRedis(shown, lastError() || (error as Error).message, error);
      },
    );
    await Promise.race([connected, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A queue may lose nothing: a Redis that evicts keys when its memory is full would lose chunks without a word. */
async function requireNoEviction(client: Redis, shown: string): Promise<void> {
  const info = await client.info('memory').catch((error: unknown) => {
    throw noRedis(shown, (error as Error).message, error);
  });
  const policy = /^maxmemory_policy:(.*?)\r?$/mu.exec(info)?.[1];
  if (policy === 'noeviction') return;
  throw new WorkerError(
    'WORKER_REDIS_EVICTS',
    policy === undefined
      ? 'Redis does not say what it does when its memory is full'
      : `its maxmemory-policy is ${policy}: it may throw away what waits in the queue`,
    {
      where: shown,
      expected: 'maxmemory-policy noeviction',
      remedy:
        'redis-cli config set maxmemory-policy noeviction, or that line in redis.conf, or --maxmemory-policy noeviction where it is started',
      wrongUse: true,
    },
  );
}

function noRedis(shown: string, what: string, cause?: unknown): WorkerError {
  return new WorkerError('WORKER_NO_REDIS', `Redis is out of reach: ${what}`, {
    where: shown,
    remedy:
      'start one (apt-get install redis-server, or docker run -p 6379:6379 redis:7), give its address by --redis, or do without: expctr-worker run JOB --local',
    wrongUse: true,
    cause,
  });
}

/** An address as it may be printed. @throws WorkerError `WORKER_REDIS_URL` */
export function shownUrl(url: string): string {
  try {
    const parsed = new URL(url);
    if (!['redis:', 'rediss:'].includes(parsed.protocol)) throw new TypeError();
    if (parsed.password !== '') parsed.password = '***';
    return parsed.href;
  } catch {
    throw new WorkerError('WORKER_REDIS_URL', 'this is no address of Redis', {
      where: '--redis',
      expected: 'redis://[user:password@]host[:port][/database], or rediss:// with TLS',
      remedy: `write for instance ${DEFAULT_REDIS}`,
      wrongUse: true,
    });
  }
}
