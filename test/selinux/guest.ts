/** A machine with engines in it, from outside: files go in, commands are run as a service of the host would. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Machine, startMachine } from './machine.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** What a command came to, both streams together. */
export interface Ran {
  readonly status: number
  readonly said: string
}

export interface Guest {
  /** Runs a command of sh in initrc_t. */
  run(command: string): Promise<Ran>
  /** Runs it, and answers what it printed; fails where its status is not 0. */
  tell(command: string): Promise<string>
  /** Port of 127.0.0.1 at which the API of an engine is. */
  readonly ports: { readonly docker: number; readonly containerd: number; readonly crio: number }
  close(): Promise<void>
}

const shellPort = 22
const dockerPort = 2375
const containerdPort = 2376
const crioPort = 2377

/** Boots an image with engines, with these files (name to path here) in /root/in, and waits for its shell. */
export const openGuest = async (
  image: string,
  files: Readonly<Record<string, string>>,
  limit: number,
): Promise<Guest> => {
  const [shell = 0, docker = 0, containerd = 0, crio = 0] = await freePorts(4)
  const machine = await startMachine({
    image,
    files: { ...files, cases: join(here, 'guest/engines'), answer: join(here, 'guest/answer') },
    ports: { [shellPort]: shell, [dockerPort]: docker, [containerdPort]: containerd, [crioPort]: crio },
    megabytes: 2048,
    limit,
  })
  const run = (command: string): Promise<Ran> => ask(shell, command)
  try {
    await answers(machine, run)
  } catch (error) {
    await machine.close()
    throw error
  }
  const tell = async (command: string): Promise<string> => {
    const { status, said } = await run(command)
    if (status !== 0) throw new Error(`${command}: status ${status}: ${said}`)
    return said
  }
  return { run, tell, ports: { docker, containerd, crio }, close: () => machine.close() }
}

/** Until the condition holds, which is asked for twice a second. */
export const until = async (condition: () => Promise<boolean>, what: string): Promise<void> => {
  for (let tries = 0; tries < 240; tries += 1) {
    if (await condition()) return
    await sleep(500)
  }
  throw new Error(`waited for ${what} in vain`)
}

const answers = async (machine: Machine, run: Guest['run']): Promise<void> => {
  let over = false
  machine.ended.then(() => {
    over = true
  })
  await until(async () => over || (await run('true')).status === 0, 'the shell of the machine')
  if (over) throw new Error(`the machine ended:\n${machine.console().split('\n').slice(-20).join('\n')}`)
}

/** QEMU takes a connection before the machine does, and closes it again. */
const ask = async (port: number, command: string): Promise<Ran> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  socket.write(`${Buffer.from(command).toString('base64')}\n`)
  const answer = await text(socket).catch(() => '')
  const [, said = '', status = '-1'] = /^([\s\S]*?)\n?status (\d+)\n$/.exec(answer) ?? ['', answer]
  return { status: Number(status), said: said.replaceAll('\0', '') }
}

const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
