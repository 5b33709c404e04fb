import type { HostTreeOf } from '@expctr/language-model/training';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LoraTree } from '../lora/lora-tree.js';

/** What is trained: the adapter's factors and the parameters beside them. */
export interface Trainable<P> {
  readonly lora: LoraTree<FloatTensor>;
  readonly extra: HostTreeOf<P>;
}
