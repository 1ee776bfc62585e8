// Lets jest read TypeScript: types are erased by esbuild, the checker runs apart (`npm run lint`).
const { transformSync } = require('esbuild')

module.exports = {
  process(source, filename) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcemap: 'both',
      sourcefile: filename,
    })
    return { code, map }
  },
}
