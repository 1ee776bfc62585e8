/** README.md as its readers follow it: the commands of a section, in their order. */
import { readFileSync } from 'node:fs'

const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The lines of all fenced blocks of the section with this heading, without comments. Throws where there is none. */
export const commandsOf = (heading: string): readonly string[] => {
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`))
  const blocks = [...(section ?? '').matchAll(/^```\w*\n(.*?)^```$/gms)]
  if (blocks.length === 0) throw new Error(`README.md has no commands under ${heading}`)
  return blocks.flatMap(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, ''))
      .filter((line) => line !== ''),
  )
}
