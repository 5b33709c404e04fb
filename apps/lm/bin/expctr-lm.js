#!/usr/bin/env node
import { tolerateClosedPipe } from '@expctr/core';
import { main } from '../dist/main.js';

tolerateClosedPipe(process.stdout);
process.exitCode = await main(process.argv.slice(2));
