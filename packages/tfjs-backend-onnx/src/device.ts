import { checkOptions, type OptionKeys } from '@expctr/core';
import { CompiledFunctionError } from './errors.js';
import { assertProviders, type Provider } from './providers.js';

/** Where everything computes that names no providers of its own. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'directml';

/** A device's providers: what it has no kernel for falls to the processor. */
const DEVICES = {
  cpu: ['cpu'],
  webgpu: ['webgpu', 'cpu'],
  cuda: ['cuda', 'cpu'],
  coreml: ['coreml', 'cpu'],
  directml: ['dml', 'cpu'],
} as const satisfies Readonly<Record<Device, readonly Provider[]>>;

/** Every device's name. */
export const DEVICE_NAMES = Object.keys(DEVICES) as readonly Device[];

/** Options of `useOnnx`. */
export interface OnnxOptions {
  /**
   * Where compiled functions compute, by ONNX Runtime's execution provider of that name; what it has no kernel for is computed by the
   * processor. It holds for what is compiled from then on, in the whole process. Default: as it was, `cpu` at first.
   */
  readonly device?: Device;
  /**
   * Whether the device also computes what is evaluated outside compiled functions (`data()`, `print()`). Default false: single operations
   * go to a GPU and back in more time than the processor takes for them.
   */
  readonly lazy?: boolean;
}

const ONNX_OPTIONS: OptionKeys<OnnxOptions> = { device: true, lazy: true };

let current: Device = 'cpu';
let currentLazy = false;

/** Sets the device. @throws {@link CompiledFunctionError} `COMPILED_PROVIDER` where there is none of that name, or not on this platform */
export function setDevice(options: OnnxOptions): void {
  checkOptions('useOnnx', options, ONNX_OPTIONS);
  const { device = current, lazy = currentLazy } = options;
  if (!Object.hasOwn(DEVICES, device)) {
    throw new CompiledFunctionError('COMPILED_PROVIDER', `there is no device "${device}"`, {
      where: 'useOnnx',
      expected: `one of ${DEVICE_NAMES.join(', ')}`,
      remedy: 'correct options.device',
    });
  }
  assertProviders(DEVICES[device], 'useOnnx');
  [current, currentLazy] = [device, lazy];
}

/** The providers of a compiled function that names none. */
export function defaultProviders(): readonly Provider[] {
  return DEVICES[current];
}

/** The providers of lazy evaluation. */
export function lazyProviders(): readonly Provider[] {
  return currentLazy ? DEVICES[current] : DEVICES.cpu;
}
