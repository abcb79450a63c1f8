import type { BuildOptions } from 'esbuild'
import { bundledPage } from './bundlePage.ts'

/** What is asked of the Serverless framework: the words of its command line. */
interface Framework {
  readonly processedInput: { readonly commands: readonly string[] }
}

/** kafkajs is CommonJS and asks for Node's own modules by require. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`

/**
 * How serverless-esbuild builds the functions. A package holds all that they need; on this machine `node_modules` is at
 * hand, and bundling that too, for each function, would take most of the time and memory of a start.
 */
function buildOptions({ processedInput: { commands } }: Framework): BuildOptions {
  const isPackaged = commands[0] === 'package' || commands[0] === 'deploy'
  return {
    bundle: true,
    packages: isPackaged ? 'bundle' : 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: 'linked',
    banner: { js: REQUIRE },
    plugins: [bundledPage],
  }
}

// serverless-esbuild calls what `require` gives: https://nodejs.org/api/modules.html#loading-ecmascript-modules-using-require
export { buildOptions as 'module.exports' }
