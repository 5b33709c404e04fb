import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process that holds a lock. */
export interface LockOwner {
  /** Number of the process. */
  readonly pid: number;
  /** Name of its machine. */
  readonly host: string;
  /** Tells hosts of one name, and containers on one host, apart; empty where the system does not say. */
  readonly machine: string;
  /** Tells processes that had the same number one after the other apart; empty where the system does not say. */
  readonly process: string;
  /** When it took the lock: ISO 8601. */
  readonly since: string;
  /** Its own for this lock. */
  readonly token: string;
}

/** This process as an owner. */
export function ownerNow(token: string): LockOwner {
  return {
    pid: process.pid,
    host: hostname(),
    machine: machine(),
    process: processStart(process.pid),
    since: new Date().toISOString(),
    token,
  };
}

/** Whether the owner's process is still there; null where this machine cannot know. */
export function isAlive({ pid, host, machine: its, process: start }: LockOwner): boolean | null {
  if (host !== hostname() || its !== machine()) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, of another user
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return processStart(pid) === start;
}

/** Boot and process namespace. */
function machine(): string {
  return [reading('/proc/sys/kernel/random/boot_id'), linked('/proc/self/ns/pid')].join(' ').trim();
}

/** Ticks between boot and the start of a process: field 22 of proc_pid_stat(5), counted from behind the name, which may hold blanks. */
function processStart(pid: number): string {
  const stat = reading(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function reading(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // no such thing on this system
  }
}

function linked(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
