/** Cases of an engine with a command line such as Docker's: labels, levels, volumes. */
import type { Ran } from './guest.ts'
import { drawn, levelOfVolume, makeVolume, processType, type Scene, tellLabel } from './labels.ts'

export interface CommandLine {
  /** As it stands in the names of cases. */
  readonly name: string
  readonly image: string
  /** Runs the engine's command. */
  command(...args: readonly string[]): Promise<Ran>
  /** Options that hand on a token for the container of this name. */
  asked(container: string): readonly string[]
}

const atLevel = (level: string): readonly string[] => ['--security-opt', `label=level:${level}`]

/** Judges what every such engine has in common; leaves the containers `first` and `second` running. */
export const commandLineCases = async (engine: CommandLine, scene: Scene): Promise<void> => {
  await clearances(engine, scene)
  await confinement(engine, scene)
  await neighbours(engine, scene)
  await volumes(engine, scene)
}

/** Runs a container to its end. */
export const runOnce = (
  { command, image }: CommandLine,
  options: readonly string[],
  program: string = tellLabel,
): Promise<Ran> => command('run', '--rm', '--network=none', ...options, image, 'sh', '-c', program)

const refused = ({ report }: Scene, name: string, ran: Ran, ...parts: readonly string[]): void => {
  report.matches(`${name}: refused`, `${ran.status}`, /^12[567]$/)
  report.has(`${name}: says why, and what to change`, ran.said, ...parts)
}

const clearances = async (engine: CommandLine, scene: Scene): Promise<void> => {
  const { name, asked } = engine
  const { report, guest } = scene
  const volume = '/srv/beyond'
  await makeVolume(guest, volume, 's0:c20,c21')
  const types = ['--security-opt', 'label=type:container_t']
  const within = await runOnce(engine, [
    '--name=within',
    ...asked('within'),
    ...types,
    ...atLevel('s0:c21,c22'),
  ])
  report.is(
    `${name}: within the clearance, of an allowed type: runs with it`,
    within.said,
    `${processType}:s0:c21,c22`,
  )
  const options = [...asked('beyond'), ...atLevel('s0:c30,c31'), `--volume=${volume}:/v:Z`]
  refused(
    scene,
    `${name}: beyond the clearance`,
    await runOnce(engine, ['--name=beyond', ...options]),
    'the level is beyond the clearance of its requester: s0:c30,c31 for alice; the clearance is s0-s0:c20.c23',
    'choose a level within it: --security-opt label=level:',
  )
  const level = await levelOfVolume(guest, volume)
  report.is(`${name}: :Z of a refused container has given its files away`, level, 's0:c30,c31')
  refused(
    scene,
    `${name}: a pair the engine drew for somebody cleared for others`,
    await runOnce(engine, ['--name=drawn', ...asked('drawn')]),
    'the level is beyond the clearance of its requester: s0:c',
    '--security-opt label=level:',
  )
}

const confinement = async (engine: CommandLine, scene: Scene): Promise<void> => {
  const { name } = engine
  const spc = await runOnce(engine, ['--security-opt', 'label=type:spc_t'])
  const why = 'would have the SELinux type spc_t'
  refused(scene, `${name}: label=type:spc_t`, spc, why, 'remove --security-opt label=type:')
  for (const options of [['--security-opt', 'label=disable'], ['--privileged']]) {
    refused(
      scene,
      `${name}: ${options.join(' ')}`,
      await runOnce(engine, options),
      'would run without a SELinux label',
      'label=disable',
    )
  }
}

const neighbours = async (engine: CommandLine, scene: Scene): Promise<void> => {
  const { name, command, image } = engine
  const { report } = scene
  const labels: string[] = []
  for (const container of ['first', 'second']) {
    const started = await command(
      'run',
      '--detach',
      '--network=none',
      `--name=${container}`,
      image,
      'sleep',
      '1000',
    )
    const { said } = await command('exec', container, 'sh', '-c', tellLabel)
    report.matches(
      `${name}: no level asked for: a pair is drawn, which exec keeps`,
      started.status === 0 ? said : started.said,
      drawn,
    )
    const inspected = await command('inspect', '--format={{.ProcessLabel}}', container)
    report.is(`${name}: the label is that the engine knows of`, said, inspected.said)
    labels.push(said)
  }
  report.is(`${name}: the pairs differ`, `${new Set(labels).size}`, '2')
  const level = labels[0]?.split(':').slice(3).join(':') ?? ''
  refused(
    scene,
    `${name}: the level of another container`,
    await runOnce(engine, atLevel(level)),
    `the SELinux level ${level} is that of another container`,
    'choose categories that no container has',
  )
}

const volumes = async (engine: CommandLine, { guest, report }: Scene): Promise<void> => {
  const { name } = engine
  const folder = '/srv/shared'
  await makeVolume(guest, folder, 's0:c40,c41')
  const read = (level: string, options: string): Promise<Ran> =>
    runOnce(engine, [...atLevel(level), `--volume=${folder}:/v${options}`], 'cat /v/data')
  report.has(
    `${name}: a volume of another level cannot be read`,
    (await read('s0:c42,c43', '')).said,
    'Permission denied',
  )
  const shared = await read('s0:c42,c43', ':z')
  const open = await levelOfVolume(guest, folder)
  report.is(`${name}: :z opens a volume to all`, `${shared.said} ${open}`, 'secret s0')
  const own = await read('s0:c42,c43', ':Z')
  const closed = await levelOfVolume(guest, folder)
  report.is(`${name}: :Z keeps a volume for its container`, `${own.said} ${closed}`, 'secret s0:c42,c43')
  report.has(`${name}: and from the others`, (await read('s0:c40,c41', '')).said, 'Permission denied')
}
