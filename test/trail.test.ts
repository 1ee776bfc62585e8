/** The decision log as one chain: written by many, rotated meanwhile, read back by `lintel log verify`. Needs root. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { beforeEach, expect, jest, test } from '@jest/globals'
import { configWith, guardedCalls } from './support/calls.ts'
import { asLogLine } from './support/record-schema.ts'
import { decisionLog, type Shim } from './support/shim.ts'
import { beginAnew, decide, hashOf, linked, onHost, rotate, verify } from './support/trail.ts'

jest.setTimeout(90_000)

let shim: Shim
onHost((opened) => {
  shim = opened
})
beforeEach(() => beginAnew(shim))

const linesOf = (file: string): readonly string[] => {
  const bytes = readFileSync(shim.path(file))
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').slice(0, -1)
}

test('each record names the one before it; the head names the last', async () => {
  await decide(shim, 3)
  const lines = linesOf(decisionLog)
  expect(lines.map((line) => linked(line).sequence)).toEqual([1, 2, 3])
  expect(lines.map((line) => linked(line).previous)).toEqual(['', ...lines.slice(0, 2).map(hashOf)])
  expect(lines.map((line) => linked(line).firstOfFile)).toEqual([true, undefined, undefined])
  const head = readFileSync(shim.path(`${decisionLog}.head`), 'utf8')
  const { size, ino } = statSync(shim.path(decisionLog))
  const number = (value: number): string => String(value).padStart(20, '0')
  expect(head).toBe(
    `sequence ${number(3)}\nhash ${hashOf(lines[2] ?? '')}\nfile ${number(ino)}\nsize ${number(size)}\n`,
  )
  expect(await shim.shell(`stat -c %a ${decisionLog}.head`)).toBe('600')
})

test('1,000 decisions from 50 processes at once, rotated meanwhile: one unbroken chain, none lost or torn', async () => {
  const bundle = shim.bundle('many', configWith() as object)
  const call = guardedCalls.create(bundle, 'p$1-$i').join(' ')
  const worker = `i=0; while [ $i -lt 20 ]; do ${shim.host.runtime} ${call} || :; i=$((i+1)); done`
  writeFileSync(`${shim.host.workspace}/worker`, worker)
  const rotation = `n=1; while [ ! -e ${shim.host.workspace}/done ]; do sleep 0.4
    [ ! -s ${decisionLog} ] || { mv ${decisionLog} ${decisionLog}-$n
    [ $n -lt 3 ] || gzip ${decisionLog}-$((n-2)); n=$((n+1)); }; done`
  await shim.shell(
    `(${rotation}) & p=1; w=; while [ $p -le 50 ]; do sh ${shim.host.workspace}/worker $p & w="$w $!"; p=$((p+1)); done
     for each in $w; do wait $each; done; : > ${shim.host.workspace}/done; wait`,
  )
  const verified = await verify(shim)
  expect(verified).toMatchObject({ status: 0, unbroken: true, records: 1000, faults: [], notes: [] })
  const folder = decisionLog.slice(0, decisionLog.lastIndexOf('/'))
  const files = readdirSync(shim.path(folder)).filter((name) => !name.endsWith('.head'))
  expect(files.length).toBeGreaterThan(3)
  expect(files.some((name) => name.endsWith('.gz'))).toBe(true)
  const lines = files.flatMap((name) => linesOf(`${folder}/${name}`))
  const ids = lines
    .map((line) => asLogLine(JSON.parse(line)))
    .map((line) => 'container' in line && line.container.id)
  const expected = Array.from({ length: 1000 }, (_, index) => `p${1 + Math.floor(index / 20)}-${index % 20}`)
  expect(ids.toSorted()).toEqual(expected.toSorted())
})

test('rotation by rename, by copy, without a new file, compressed: the chain goes on', async () => {
  await decide(shim, 2)
  await rotate(shim, '-1')
  await decide(shim, 2)
  await shim.shell(`gzip ${decisionLog}-1; mv ${decisionLog} ${decisionLog}-2`)
  await decide(shim, 2)
  await shim.shell(`cp ${decisionLog} ${decisionLog}-3; : > ${decisionLog}`)
  await decide(shim, 2)
  const verified = await verify(shim)
  expect(verified).toMatchObject({ status: 0, records: 8, faults: [] })
  expect(verified.notes).toEqual([
    expect.objectContaining({
      line: 1,
      message: expect.stringContaining('the log held less than its head said'),
    }),
  ])
  // Named by hand, in any order; and from the middle on, as when older ones were deleted.
  const named = ['-3', '', '-1.gz', '-2'].map((suffix) => decisionLog + suffix)
  expect(await verify(shim, named)).toMatchObject({ status: 0, records: 8 })
  await shim.shell(`rm ${decisionLog}-1.gz`)
  const later = await verify(shim)
  expect(later).toMatchObject({ status: 0, records: 6 })
  expect(later.notes[0]?.message).toContain('from record 3 on')
})

test('a log from before the chain is continued', async () => {
  await decide(shim, 1)
  const old = '{"version":1,"previous":""}\n'
  shim.write(decisionLog, old.repeat(3))
  await shim.shell(`rm ${decisionLog}.head`)
  await decide(shim, 2)
  const [, , last = '', first = ''] = linesOf(decisionLog)
  expect(linked(first)).toMatchObject({ sequence: 1, previous: hashOf(last) })
  expect(await verify(shim)).toMatchObject({ status: 0, records: 2, faults: [] })
})
