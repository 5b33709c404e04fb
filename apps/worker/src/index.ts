export { main } from './main.js';
export { WorkerError } from './errors.js';
export type { EncodeJob, ExplainJob, Job, JobBase, JobSettings, KindName, ReadJob } from './job/job.js';
export { parseJob, readJob, type PlacedJob } from './job/read-job.js';
export { makePlan } from './plan/make-plan.js';
export { readPlan, writePlan, type PlacedPlan, type Plan, type PlanFile } from './plan/plan.js';
export { chunksOf, type Chunk } from './plan/chunks.js';
export { chunkStore, type ChunkStore, type ResultState } from './chunks/store.js';
export { runLocally, type RunLocallyOptions, type RunSummary } from './chunks/run-local.js';
export {
  chunkQueue,
  type ActiveChunk,
  type ChunkQueue,
  type FailedChunk,
  type QueueCounts,
  type QueuedChunk,
} from './queue/chunk-queue.js';
export { connectRedis, type RedisConnection } from './queue/redis.js';
export { joinChunks } from './chunks/join.js';
export { measureRate, type Rate } from './measure.js';
