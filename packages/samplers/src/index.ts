export { createVllmSampler, vllmSampler } from './vllm/vllm-part.js';
export { createSglangSampler, sglangSampler } from './sglang/sglang-part.js';
export { createLlamaCppSampler, llamaCppSampler, type LlamaCppOptions } from './llama-cpp/llama-cpp-part.js';
export { localServers, type LocalServers } from './llama-cpp/local-servers.js';
export { type PublishedAdapter } from './adapter-facts.js';
export { type Running, type ServerOptions } from './options.js';
export { SamplerError } from './errors.js';
