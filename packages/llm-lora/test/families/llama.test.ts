import { describe } from 'vitest';
import { testFamily } from './family-suite.js';

describe('llama', () => testFamily('llama'));
