/** The decision log: root's alone, readable back, of bounded size. */
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

/** Above this nobody has rotated it. */
const largest = 1024 * 1024 * 1024

/** What is wrong with the file the policy names, or the folder it lies in. */
export const logState = ({ host, policy, decisions }: Scene): readonly Found[] => {
  const path = policy.log.file
  const folder = path.slice(0, path.lastIndexOf('/')) || '/'
  const unread = decisions.problems.map((message) =>
    problem(path, message, 'without it doctor cannot tell what was judged'),
  )
  const owners = [folder, path].flatMap((each): readonly Found[] => {
    const stat = host.stat(each, true)
    if (!stat.ok) return []
    const { uid, mode } = stat.value
    if (uid !== 0) return [problem(each, `belongs to uid ${uid}`, `chown root ${each}`)]
    if ((mode & 0o022) === 0) return []
    return [problem(each, `can be written by others (mode ${mode.toString(8)})`, `chmod go-w ${each}`)]
  })
  const found = host.stat(path, true)
  if (!found.ok)
    return [
      ...owners,
      { level: 'note', about: path, message: 'there is no decision yet', advice: 'run a container' },
    ]
  const size = found.value.size
  const large =
    size > largest
      ? [
          problem(
            path,
            `is ${Math.round(size / 1024 / 1024)} MiB large`,
            'rotate it: logrotate, or move it away',
          ),
        ]
      : []
  return [...unread, ...owners, ...large]
}

const problem = (about: string, message: string, advice: string): Found => ({
  level: 'problem',
  about,
  message,
  advice,
})
