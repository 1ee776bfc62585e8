/** `lintel install` and `lintel uninstall` as yargs reads them. */
import type { Add } from './commands.ts'
import { install } from './install.ts'
import { uninstall } from './uninstall.ts'

const engine = {
  choices: ['docker', 'containerd', 'crio', 'podman', 'buildkit', 'all'],
  default: 'all',
  describe: 'which engine; all: every one that is found on this host',
} as const

const dryRun = {
  type: 'boolean',
  default: false,
  describe: 'show what would change, and change nothing',
} as const

const restartCommand = {
  type: 'string',
  requiresArg: true,
  describe: 'shell command that restarts an engine which systemd does not look after; needs one engine named',
} as const

const installOptions = {
  mode: {
    choices: ['warn', 'enforce'],
    describe: 'mode of the first policy (warn if not given); a policy that is there is never edited',
  },
  divert: {
    type: 'boolean',
    default: false,
    describe: 'also take the path of runc and crun, so that no call of them passes by (lintel divert)',
  },
  tcp: {
    type: 'number',
    requiresArg: true,
    describe: 'docker: serve the API on this port, to clients with a certificate of the CA only',
  },
  tls: {
    type: 'string',
    requiresArg: true,
    describe: 'folder with ca.pem, server-cert.pem and server-key.pem, for --tcp',
  },
  handler: {
    type: 'string',
    requiresArg: true,
    describe:
      'containerd, crio: add a handler of this name, for pods whose RuntimeClass names it, and leave the others alone',
  },
  'restart-command': restartCommand,
  'dry-run': dryRun,
} as const

export const addInstall: Add = (parser, { host, output, settle }) =>
  parser.command(
    'install [engine]',
    'register lintel with the engines of this host, and make sure that they call it',
    (command) =>
      command
        .usage(
          `$0 install [engine]

Tells the container engines of this host to call lintel where they called runc or crun, and shows what that changes. Each file is replaced as a whole, with a dated backup beside it; the engine is told to read it (dockerd by SIGHUP; containerd, CRI-O and buildkitd by a restart, which is announced) and asked whether it did. If it did not, everything is put back. What is interrupted is put back by the next lintel install, uninstall, status or doctor. A second run changes nothing.

Where there is no /etc/lintel/policy.toml one is written, in mode warn: it refuses and repairs nothing, and records what it would. Containers that exist keep the runtime they were made with.`,
        )
        .positional('engine', engine)
        .options(installOptions),
    ({ engine: named, mode, divert, handler, tcp, tls, restartCommand: command, ...options }) =>
      settle(
        install(host, output, {
          engine: named,
          mode,
          divert,
          dryRun: options.dryRun,
          tcp,
          tls,
          handler,
          restartCommand: command,
        }),
      ),
  )

export const addUninstall: Add = (parser, { host, output, settle }) =>
  parser.command(
    'uninstall [engine]',
    'take lintel out of the engines of this host, and list the containers that still need it',
    (command) =>
      command
        .usage(
          `$0 uninstall [engine]

Gives the engines their own configuration back, byte by byte where nobody has edited it since, else with lintel's entries taken out; has them read it, and asks them. Diverted runtimes go back to their place where no engine is named. Running containers go on. Those that were made with lintel call it until they are removed: they are listed, their engine's file keeps the name lintel for them, as no default, and the executable must stay; lintel hands their calls on unjudged. Once none is left, call it again: that takes away the rest. Policy and decision log stay.`,
        )
        .positional('engine', engine)
        .option('restart-command', restartCommand)
        .option('dry-run', dryRun),
    ({ engine: named, dryRun: isDry, restartCommand: command }) =>
      settle(uninstall(host, output, { engine: named, dryRun: isDry, restartCommand: command })),
  )
