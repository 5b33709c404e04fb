import { atMost } from '@expctr/core';
import { z } from 'zod';

const whole = (most: number, why: string): z.ZodInt => z.int().max(most, atMost(most, why));
const seconds = (why: string): z.ZodNumber => z.number().positive().max(86_400, atMost(86_400, why));

/** Options of any server: where it listens, and what it bounds. */
export const httpOptions = {
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on; 0.0.0.0 is every one of the machine'),
  port: whole(65_535, 'ports end there').min(0).default(8080).describe('port to listen on; 0 takes a free one'),
  bodyBytes: whole(1_073_741_824, 'a body is held in memory').min(1).default(4_194_304).describe('bytes of the body of a request'),
  connections: whole(1_000_000, 'each is an open file').min(1).default(1024).describe('connections at a time; further ones are closed'),
  headerSeconds: seconds('no client takes longer').default(10).describe('a request has to send its headers within so many seconds'),
  bodySeconds: seconds('no client takes longer').default(30).describe('a request has to be complete within so many seconds'),
  idleSeconds: seconds('no client takes longer').default(60).describe('a connection without a request is closed after so many seconds'),
  graceSeconds: seconds('nobody waits longer for a stop').default(30).describe('a stop waits so long for requests under way'),
};

/** Those options, none left out. */
export type HttpLimits = z.output<z.ZodObject<typeof httpOptions>>;

/** The address of a server, such as `http://127.0.0.1:8080`. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
