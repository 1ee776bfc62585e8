/** The printed change is one that git can apply, and gives exactly the text that will be written. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { unifiedDiff } from './unified-diff.ts'

const line = fc.constantFrom('', 'a', 'b', 'c', '  "runtimes": {', '# lintel')
const text = fc
  .tuple(fc.array(line, { maxLength: 30 }), fc.boolean())
  .map(([lines, isEnded]) => lines.join('\n') + (isEnded && lines.length > 0 ? '\n' : ''))

test('what is printed applies, and leads from one text to the other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-diff-'))
  try {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const printed = unifiedDiff({ path: 'a/file', before, after })
        if (before === after) return printed === ''
        writeFileSync(join(folder, 'file'), before)
        execFileSync('git', ['apply', '--unidiff-zero', '-'], {
          cwd: folder,
          input: printed.replace('+++ a/file', '+++ b/file'),
          stdio: ['pipe', 'pipe', 'pipe'],
          env: { PATH: process.env['PATH'], GIT_CEILING_DIRECTORIES: folder },
        })
        return readFileSync(join(folder, 'file'), 'utf8') === after
      }),
      { numRuns: 150 },
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('three lines around each change, far ones in hunks of their own', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`)
  const after = lines.with(3, 'other\n').toSpliced(25, 1)
  const printed = unifiedDiff({ path: '/etc/x', before: lines.join(''), after: after.join('') })
  expect(printed.match(/^@@.*/gm)).toEqual(['@@ -1,7 +1,7 @@', '@@ -23,7 +23,6 @@'])
  expect(printed).toMatch(/^--- \/etc\/x\n\+\+\+ \/etc\/x\n/)
})

test('a file that was not there, and one that goes', () => {
  expect(unifiedDiff({ path: '/x', before: undefined, after: 'a\n' })).toBe(
    '--- /dev/null\n+++ /x\n@@ -0,0 +1 @@\n+a\n',
  )
  expect(unifiedDiff({ path: '/x', before: 'a', after: undefined })).toBe(
    '--- /x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\\ No newline at end of file\n',
  )
})
