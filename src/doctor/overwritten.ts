/** Who changed, since lintel wrote them, the files by which engines were told of it. */
import type { FileStat, Host } from '../host/host.ts'
import { readState, stateFile } from '../installation/state.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

/** Files that are not as lintel left them, and a change of lintel's own that was never finished. */
export const overwritten = ({ host, engines }: Scene): readonly Found[] => {
  const read = readState(host)
  if (!read.ok) return [problem(stateFile, read.error, 'lintel install writes it anew')]
  const { registered, pending } = read.value
  const unfinished = pending && [
    problem(
      stateFile,
      `lintel ${pending.action} of ${pending.since} was broken off before its end`,
      `lintel ${pending.action} once more: it first puts back what was there before`,
    ),
  ]
  const changed = registered.flatMap(({ installation: { engine }, since, files }) =>
    files.flatMap(({ path, after }): readonly Found[] => {
      const difference = differenceOf(host, path, after)
      if (difference === undefined) return []
      const survey = engines.find(({ installation }) => installation.engine === engine)
      const isStillThere =
        survey?.handlers.ok === true && survey.handlers.value.some(({ isLintel }) => isLintel)
      const message = `was ${difference} since lintel wrote it on ${since.slice(0, 19)}Z`
      return isStillThere
        ? [{ level: 'note', about: path, message: `${message}; lintel is still in it`, advice: '' }]
        : [
            problem(
              path,
              `${message}; lintel is no longer in it`,
              `lintel install ${engine}, and find out who did`,
            ),
          ]
    }),
  )
  return [...(unfinished ?? []), ...changed]
}

const differenceOf = (host: Host, path: string, after: string | undefined): string | undefined => {
  const text = host.readText(path, 16 * 1024 * 1024, true)
  const now = text.ok ? text.value : undefined
  if (now === after) return undefined
  if (!text.ok) return text.error.code === 'ENOENT' ? 'removed' : `made unreadable (${text.error.code})`
  const stat = host.stat(path, true)
  return stat.ok
    ? `changed (last on ${lastChange(stat.value)}; it belongs to uid ${stat.value.uid})`
    : 'changed'
}

const lastChange = ({ modified }: FileStat): string =>
  new Date(Number(BigInt(modified) / 1_000_000n)).toISOString().slice(0, 19).concat('Z')

const problem = (about: string, message: string, advice: string): Found => ({
  level: 'problem',
  about,
  message,
  advice,
})
