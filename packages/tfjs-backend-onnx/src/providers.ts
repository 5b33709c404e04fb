import { platformName } from '@expctr/core/platform';
import { supportedProviders } from '#runtime';
import { CompiledFunctionError } from './errors.js';

/** Where ONNX Runtime computes: the processor, or an accelerator through one of its execution providers. */
export type Provider = 'cpu' | 'cuda' | 'webgpu' | 'coreml' | 'dml';

/** What each provider needs, and how to get it. */
const PROVIDERS: Readonly<Record<Provider, { readonly needs: string; readonly get: string }>> = {
  cpu: { needs: 'nothing', get: 'it is part of onnxruntime-node' },
  cuda: {
    needs: "Linux or Windows on x64, an NVIDIA GPU with its driver, CUDA 12 and cuDNN 9, and ONNX Runtime's CUDA libraries",
    get: "install CUDA 12 and cuDNN 9, then get the libraries with onnxruntime-node's own installer: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12",
  },
  webgpu: {
    needs: 'a GPU with a Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS) driver',
    get: 'install the GPU driver, and on Linux libvulkan1; the provider itself is part of onnxruntime-node',
  },
  coreml: { needs: 'macOS', get: 'run on macOS, where it is part of onnxruntime-node' },
  dml: { needs: 'Windows with a Direct3D 12 GPU', get: 'run on Windows, where it is part of onnxruntime-node' },
};

function missing(name: string, where: string, what: string, cause?: unknown): CompiledFunctionError {
  const known = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name as Provider] : undefined;
  return new CompiledFunctionError('COMPILED_PROVIDER', what, {
    where,
    expected: known === undefined ? `one of ${Object.keys(PROVIDERS).join(', ')}` : `${known.needs}, which ${name} needs`,
    remedy: known === undefined ? 'correct options.providers' : `${known.get}; or leave ${name} out of options.providers`,
    cause,
  });
}

/** Refuses providers that do not exist, or not on this platform. @throws {@link CompiledFunctionError} naming what is missing and how to get it */
export function assertProviders(providers: readonly string[], where: string): void {
  const supported = supportedProviders();
  for (const name of providers) {
    if (!Object.hasOwn(PROVIDERS, name)) throw missing(name, where, `there is no execution provider ${name}`);
    if (!supported.has(name)) {
      throw missing(name, where, `the execution provider ${name} does not exist on ${platformName}`);
    }
  }
}

/** Names the provider that would not start, if it was one, in place of ONNX Runtime's own words. */
export function providerFailure(providers: readonly string[], where: string, cause: unknown): CompiledFunctionError | undefined {
  const message = cause instanceof Error ? cause.message : String(cause);
  const signs: Readonly<Record<string, RegExp>> = {
    cuda: /_cuda\b|providers\/cuda|CUDA (failure|error)/i,
    webgpu: /webgpu/i,
    coreml: /coreml/i,
    dml: /\bdml\b|directml/i,
  };
  const name = providers.find((each) => signs[each]?.test(message) === true);
  return name === undefined ? undefined : missing(name, where, `the execution provider ${name} did not start: ${message}`, cause);
}
