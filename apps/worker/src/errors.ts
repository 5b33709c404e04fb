import { ExpctrError } from '@expctr/core';

/**
 * What stops a worker or its command line. Codes: `WORKER_JOB` (the job file), `WORKER_PLAN`, `WORKER_NO_PLAN`, `WORKER_INPUT`,
 * `WORKER_INPUT_CHANGED`, `WORKER_MODEL_CHANGED`, `WORKER_ROWS`, `WORKER_INCOMPLETE`, `WORKER_DAMAGED`, `WORKER_NOT_SHARED`,
 * `WORKER_NO_REDIS`, `WORKER_REDIS_EVICTS`, `WORKER_REDIS_URL`, `WORKER_PROCESS_DIED`, `WORKER_CHUNKS_FAILED`, `WORKER_OTHER_VERSION`.
 */
export class WorkerError extends ExpctrError {}
